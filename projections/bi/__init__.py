"""What BI tools read: the database ``bi`` of views, a star around two facts.

- ``view``: what a view is, and its text
- ``facts``: one row per interaction, per hour of them, per response
- ``dimensions``: campaigns, activities, dates
- ``making``: makes all of them over a store of columns, and points them to a generation
"""
