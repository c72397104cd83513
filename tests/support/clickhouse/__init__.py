"""The engine in this process behind ClickHouse's native protocol, for want of a server.

- ``wire``: packets and blocks, read and written with the driver's own parts
- ``server``: a listening socket, a thread and a session of the engine for each client
- ``fixtures``: one server for the tests of a process, or a real one that a variable names
"""
