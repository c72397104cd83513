"""From an event to a durable record and back.

- ``cursor``, ``keys``: places in the log, and which partition a key lies in
- ``codec``: envelope <-> record, the one place where bytes are made and old versions are lifted
- ``log``: the port of the log; ``memory``, ``sqlite`` and ``kafka`` implement it
- ``copying``: a log carried over into another
- ``sql``: the gate and the outbox in a SQL store that several processes share
- ``spool``, ``spool_file``: events kept on disk while the log is away
- ``intake``: what waits for a log's writer
- ``gate``: the port through which decisions pass; ``memory`` and ``sqlite`` implement it
- ``vault``: the port of keys, ``vault_stored``: keys in rows
- ``sealing``: makes the stored form of personal data
- ``compose``: from a validated payload to an envelope
- ``feed``: pages of events for those who follow the log

Only ``services.bootstrap`` names a backend.
"""
