"""Backups: taken while everything runs, put back into an empty folder."""
