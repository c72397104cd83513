"""The operator's door: long work that a command on the same machine asks of a running server."""
