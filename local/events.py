"""Fans SeaweedFS's one webhook out to every function whose annotations watch the changed object.

Stateless: an event that a function did not take is answered with 503, and the store sends it again.
Needs GATEWAY_URL, S3_ENDPOINT, SECRETS_DIR, and BUCKET_PREFIX where buckets have one.
"""

import os
from functools import cache

from requests import RequestException

from feedloop import http, http_client, log, settings, wiring
from feedloop.app import create_app
from feedloop.domain.errors import Unauthorised, Unavailable
from feedloop.events import changed_objects
from feedloop.http import Context, Event, Response
from feedloop.receiving import Receiver
from local import loopback, stack

_PATIENCE = (5, 55)  # seconds to connect, seconds to answer
_functions = cache(stack.load_functions)


@http.endpoint("POST")
def handle(event: Event, _context: Context) -> Response:
    """Tell everyone watching; the body is passed on as it came."""
    token = wiring.event_token()
    if not http.has_token(event, token):
        raise Unauthorised("Send the event token: Authorization: Bearer <token>.")
    refs = changed_objects(event.body, bucket_prefix=wiring.configured().bucket_prefix)
    watching = [f.name for f in _functions() if any(f.cares_for(ref) for ref in refs)]
    for name in watching:
        _tell(name, event.body, token)
    return http.json_response({"told": watching})


def _tell(name: str, body: bytes, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"{os.environ['GATEWAY_URL']}/function/{name}"
    try:
        answer = http_client.request(
            "POST", url, route=settings.route(url), data=body, headers=headers, timeout=_PATIENCE
        )
    except RequestException as error:
        raise Unavailable(f"{name} cannot be reached.") from error
    log.event("event.told", function=name, status=answer.status_code)
    if not answer.ok:
        raise Unavailable(f"{name} answered {answer.status_code}.")


def application() -> Receiver:
    """The forwarder as a web application."""
    return loopback.receiver(create_app(handle, "events"), {"": None})


def main() -> None:
    """Serve, as a part of `make run`."""
    from local import processes  # noqa: PLC0415 - as a function of its own it has no psutil, and nobody to end

    processes.end_predecessors()
    loopback.serve("local.events:application", int(os.environ["EVENTS_PORT"]), workers=1)


if __name__ == "__main__":
    main()
