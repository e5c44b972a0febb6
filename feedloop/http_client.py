"""HTTP calls by `requests` along a given route, with nothing of the person's shell."""

from typing import Any

from requests import Response, Session

from feedloop.domain.proxies import DIRECT, Route


def session(route: Route = DIRECT) -> Session:
    """One that takes this route. No proxy of the environment, and no password of ~/.netrc instead of our token."""
    opened = Session()
    opened.trust_env = False
    opened.proxies = route.proxies()
    opened.verify = route.ca_file or True
    return opened


def request(method: str, url: str, *, route: Route = DIRECT, **how: Any) -> Response:  # noqa: ANN401 - what requests takes
    """One call by a session of its own. Raises requests.RequestException."""
    with session(route) as opened:
        return opened.request(method, url, **how)
