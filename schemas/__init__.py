"""The language of Answerback: ids, instants, the envelope, and one model per event type.

Nothing here does input or output, and nothing here imports another folder of the project.

- ``errors``: the whole tree of errors
- ``instants``, ``ids``, ``fields``, ``channels``: the small types
- ``envelope``: what every event carries
- ``payload``, ``catalogue``: what an event type is, and the registry of all of them
- ``facts``, ``decisions``, ``derived``: the event types, one file per subject
- ``upcasts``: how an old version of an event becomes the newest one
"""
