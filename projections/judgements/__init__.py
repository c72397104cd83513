"""Who, or what, was behind a hit (R13): agents by name, the rule itself, and its projection."""
