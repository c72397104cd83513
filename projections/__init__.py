"""From the log to what people read: every table here can be dropped and derived again.

- ``page``, ``runner``, ``rows_sink``, ``columns_sink``: pages, applied exactly once in effect
- ``progress``, ``outbox``, ``dead_letters``, ``copies``: what a sink stores beside its tables
- ``fold``, ``folding``, ``folds``, ``lookups``, ``reference``: folds, from sets of facts to rows
- ``campaigns``, ``contacts``, ``identity``, ``messages``, ``entries``, ``sales``: the folds, and
  ``responses`` with a folder of its own
- ``journal``, ``journaling``: every event in columns, with its exact bytes
- ``judgements``: who, or what, was behind a hit
- ``entities``, ``touched``, ``people``: one row per message, form and person, goal reached
- ``kpis``, ``journey``, ``reads``, ``reader``, ``opening``, ``marks``: what readers are answered
- ``rebuild``, ``digests``, ``generations``: a second generation beside the live one, and the proof
- ``predicates``, ``arrow``: conditions, and rows on their way to the engine
- ``stores``: the ports of rows and columns, with their backends
"""
