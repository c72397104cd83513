"""Which rows differ between two generations, and between the journal and its log.

- ``difference``: what is told of rows that differ in the same way
- ``in_rows``, ``in_columns``: between two generations of one store
- ``in_journal``: between the log and the journal, and its copies in other orders
"""
