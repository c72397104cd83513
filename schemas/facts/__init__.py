"""What came from outside: observed, never refused, only judged. One file per subject."""
