"""Imports: from the rows of a file to facts at the door for facts.

``kinds`` are what rows can be. ``table`` reads the file, ``mapping`` says which column is which
field, ``cells`` turns text into values, ``fields`` and ``facts`` make a row a fact, ``rows`` does
all that for a whole file. ``shipment`` sends, over ``client``; ``notebook`` remembers how far;
``rejects`` writes what was not taken; ``run`` ties together and ``report`` tells the outcome.
"""
