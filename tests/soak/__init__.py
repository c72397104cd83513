"""Kills and full disks under load: ``python -m tests.soak --minutes 30 --kills 100``.

Nothing that was acknowledged may be lost, nothing stored twice, and every table must equal a
rebuild from the log.
"""
