"""What processes on several machines share through one SQL database, PostgreSQL or SQLite.

- ``tables``: the outbox, what was sent, and the gate's own rows
- ``outbox``: events on their way to the log, stored with what they follow from, then relayed
- ``bulk``: many rows at once; ``texts``: those that PostgreSQL cannot hold as they are
- ``gate``: the gate in SQL, whose events wait in the outbox
- ``keys``, ``raw``: the rows of the vault, and raw bodies; ``watch``: what other processes wrote
"""
