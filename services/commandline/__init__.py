"""What each command of ``answerback`` does; ``services/cli.py`` reads its arguments."""
