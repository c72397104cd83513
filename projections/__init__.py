"""From the log to what people read: every table here can be dropped and derived again.

- ``page``, ``runner``, ``rows_sink``, ``columns_sink``: pages, applied exactly once in effect
- ``following``: one sink in a thread; ``standing``, ``waiting``: for whoever waits for the sinks
- ``progress``, ``tenure``, ``turns``, ``dead_letters``: what a sink stores beside its tables
- ``letters``, ``retrying``: dead letters brought back
- ``folds``: pure functions from sets of facts to rows
- ``columns``: every event in columns with its exact bytes, copies of folds, what a page touches
- ``judgements``: who, or what, was behind a hit
- ``entities``: one row per message, form and person, goal reached
- ``kpis``: sets over entity rows, counted when they are read
- ``reading``: what the API and the page are answered
- ``rebuild``, ``digests``, ``generations``: a second generation beside the live one, and the proof
- ``predicates``: conditions on payloads, the same in Python and in SQL
- ``stores``: the ports of rows and columns, with their backends
"""
