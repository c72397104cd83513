"""Sinks as workers: any number of processes share a sink's partitions, which Faust hands out.

- ``delivery``: what Faust has brought, as a log that the sinks read; one for each sink of a process
- ``membership``: Faust below its streams: the group, the assignment, the fetching, the web view
- ``sinks``: which there are
- ``worker``: the sinks of this process, each following its delivery

The cursor stored with the data is the authority: Faust's own commits are never made or read.
"""
