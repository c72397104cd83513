"""The doors through which facts come in: plain ASGI, no framework, durable before any success.

- ``tokens``: what a tracking address carries, signed
- ``rings``: whose token it is, with the keys kept at hand
- ``privacy``, ``ip_lists``: what is kept of a request, before its address is cut
- ``append``: into the log, and waiting for it
- ``pixel``, ``click``, ``forms``, ``cloudevents``: the doors
- ``intake``: from a sender's event to a draft of ours
- ``strictjson``: JSON without the freedoms that lose data
- ``app``: which request goes to which door
"""
