"""Replay: every table built anew beside the live ones, compared, and put in their place.

- ``generation``: what is known of one generation: its state, its stage, who made it
- ``ledger``: the record of all generations in the row store
- ``makers``: the versions of projections, and which of them a table follows from
- ``growing``: builds one generation in short turns, and keeps it beside the live one
- ``conclusions``: what a generation concludes otherwise than the live one
- ``telling``: which generation tells which verdicts; ``untold``: those that nobody has told
- ``history``, ``journaled``: the events behind a row
- ``planning``: what a replay would take
- ``replays``: the port; ``replaying`` implements it
"""
