"""The demo: a real bank campaign and a small live one, played through the public HTTP interface.

``bank`` and ``bank_campaign`` are the first, ``people``, ``agents``, ``offer*`` the second;
``notebook`` serves both; ``table`` prints and ``run`` ties together. The way to the server is that
of imports: ``services.importing``.
"""
