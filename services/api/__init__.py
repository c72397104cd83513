"""The management API: one file per subject, an endpoint is a few lines around a command or read."""
