"""The live page: campaigns, KPIs, responses and journeys, for people with a browser.

- ``markup``: HTML whose every value from outside is escaped; ``words``: how values are written
- ``shell``: what every page has around it; ``figures``, ``charts``, ``breakdown``, ``responses``,
  ``people``: what the parts of a page look like; ``asked``: what a page's address asks for
- ``page``: their addresses; ``entry``: the way in and out; ``live``: the stream of changes
- ``assets``: how the files of ``static/`` are served: the style, and one script that swaps parts
  and sends commands
"""
