"""The back process: what follows from the log, apart from the process that answers the doors.

One interpreter runs one thread of Python at a time, so projections beside the doors would take
from them what they need to answer. ``serve`` is therefore two processes: the *front* has the HTTP
server, the log's writer, the gate, the vault; the *back* has the sinks, the row store, the column
store and what reads them. The front starts the back and ends with it.

- ``link``: calls between the two, over a pair of sockets that nobody else can reach
- ``stub``: a port whose methods are such calls
- ``child``: the front's side: starts the back, watches it, starts it again when it was killed
- ``bootstrap``: puts the back's parts together
- ``process``: the back's side: its main function
"""
