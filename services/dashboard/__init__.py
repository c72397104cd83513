"""The live page: campaigns, KPIs, responses and journeys, for people with a browser.

- ``markup``: HTML whose every value from outside is escaped; ``words``: how values are written
- ``figures``, ``breakdown``, ``responses``, ``people``: what the parts of a page look like
- ``page``: their addresses; ``entry``: the way in and out; ``live``: the stream of changes
- ``static/``: the style, and one script that swaps parts and sends commands
"""
