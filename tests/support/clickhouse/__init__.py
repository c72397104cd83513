"""A ClickHouse server for tests: chDB behind as much of the native protocol as the driver speaks.

- ``blocks``: blocks of columns, from the wire to the engine's bytes and back
- ``session``: what one connection asks of the engine
- ``packets``: what comes and goes on a connection
- ``server``: listens, with a thread for each connection
- ``fixtures``: what tests ask for

It is no server for users: one engine owns a folder, and whoever connects may do everything.
"""
