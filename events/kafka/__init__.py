"""The log on Kafka.

- ``broker``: where it is and how to speak with it
- ``topics``: which topics there are, and what they must be like
- ``records``: a record as a CloudEvent in Kafka's form, and back
- ``reading``: ranges of a partition
- ``pages``: the topics as readers of the log ask for them
- ``producing``: the producer
- ``filling``: topics that take a copy of another log
- ``known_ids``: the ids of the hot window, as one writer knows them
- ``log``: the port
"""
