"""What the distributed mode must survive: its processes and stores killed under a steady load.

``python -m tests.chaos --minutes 5 --rate 2000`` plays the whole installation, ``python -m
tests.chaos.brokers`` three brokers alone. Nothing acknowledged may be
lost, nothing be in the log or in a table twice, and every table must equal a rebuild from the log.
"""
