"""The doors and the processes: where the outside meets the log and the read models."""
