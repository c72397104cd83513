"""A real Kafka broker for tests: Apache Kafka from Maven Central, started with the machine's Java.

- ``jars``: fetched once a machine, into a cache folder
- ``cluster``: one node or several, each a process that can be killed, stopped and started again
- ``fixtures``: what tests ask for
"""
