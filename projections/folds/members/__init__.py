"""Who is on which list, since when and why: rows of intervals, by rule or by hand."""
