"""events: SeaweedFS knows one webhook only; here its events reach every function that watches the changed place.

called by  SeaweedFS's webhook (with the token)
reads      the annotations in stack.yml
writes     nothing
answers    200 who was told · 401 without the token · 503 somebody was not told: the store sends it again

The code is that of `make run`: local/events.py.
"""

from feedloop import wiring
from local.events import handle

__all__ = ["handle", "ready"]

ready = wiring.event_token
