"""The SQL store's tables from version to version, with Alembic; ``versions`` has one file a step.

A store that is new is made as the newest version at once. One that was made before there were
versions is 0001.
"""
