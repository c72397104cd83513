"""The load: a process of its own that asks a server as fast as it answers, and counts."""
