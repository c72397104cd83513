"""The segment rule language: what it can say, how it is read, and how it is said in words."""
