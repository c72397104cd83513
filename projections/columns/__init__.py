"""What the columns sink writes: the journal and the copies of folds, and what a page touches."""
