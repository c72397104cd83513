"""``answerback bench``: how fast the program is, each figure beside a ceiling of the same run.

A ceiling is what the part underneath does by itself: a server that does nothing but answer, SQLite
or the column engine without us. It is measured in turns with ours, on the same cores, so that
whatever else the machine does falls on both. ``benches`` lists what there is.
"""
