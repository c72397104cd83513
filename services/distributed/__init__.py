"""Where the parts of the distributed mode are chosen and put together.

- ``connecting``: brokers, PostgreSQL and ClickHouse as the settings name them
- ``making``: what ``init`` makes once
- ``fronts``: the collector, and the management API
- ``behind``: workers and the relay
- ``sharing``: workspaces and keys for the command line
- ``carrying``: a log carried over to Kafka, or to more partitions
"""
