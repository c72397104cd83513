"""One row per entity, as SQL over the journal: messages, forms by person, goals reached.

Each file holds one text with two bounds, the entities and the moment. A live increment computes
the touched entities anew, a rebuild all of them, an as-of all of them at an earlier moment: always
the same text. Nothing is added to what was there, so nothing can be counted twice.
"""
