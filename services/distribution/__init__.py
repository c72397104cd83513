"""Distribution of an activity to the members of lists: pinned first, then decided on by pages."""
