"""Pasts: what a workspace's read models said at an earlier point of knowledge or of data time.

A past is a small installation beside the live one. It reads the log as if nothing lay behind a
cursor (``cut``), folds it with the same folds, judges it with the same rules (``building``), and
is kept on a ``shelf`` for the next who ask.
"""
