"""The demo: a real bank campaign and a small live one, played through the public HTTP interface.

``bank`` and ``bank_campaign`` are the first, ``people``, ``agents``, ``offer*`` the second;
``client``, ``notebook`` and ``progress`` serve both; ``table`` prints and ``run`` ties together.
"""
