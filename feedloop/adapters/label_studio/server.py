"""Label Studio's HTTP interface: who we are there, what is tried again, and what its errors mean."""

from typing import Any

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from feedloop import http_client
from feedloop.domain.documents import Document
from feedloop.domain.errors import AnnotationToolDown, AnnotationToolMisconfigured
from feedloop.domain.proxies import Route

BROKEN, NOT_FOUND = 500, 404
_SET_UP = "run `feedloop labelling setup`"
_CONNECT, _SILENCE = 3.05, 120.0
_OK, _UNAUTHORISED, _FORBIDDEN = 200, 401, 403
_TWICE = ("GET", "DELETE", "PATCH")


class _Token(AuthBase):
    """A legacy token is sent as it is; a personal one (a JWT) is exchanged for access of five minutes."""

    def __init__(self, token: str) -> None:
        self.personal = token if token.count(".") == 2 else ""  # noqa: PLR2004 - header, claims, signature
        self.header = f"Token {token}"

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = self.header
        return request


class Server:
    """A Label Studio, and our token there. What can be repeated is tried again when it fails."""

    def __init__(self, url: str, token: str, route: Route) -> None:
        self._url = url.rstrip("/")
        self._token = _Token(token)
        self._session = self._patient(route, BROKEN, 502, 503, 504)
        self._once_broken = self._patient(route, 502, 503, 504)

    def _patient(self, route: Route, *statuses: int) -> Session:
        """A session that tries again after such a status, or no response."""
        again = Retry(3, backoff_factor=0.2, status_forcelist=statuses, allowed_methods=_TWICE, raise_on_status=False)
        opened = http_client.session(route)
        opened.auth = self._token
        for scheme in ("http://", "https://"):
            opened.mount(scheme, HTTPAdapter(max_retries=again))
        return opened

    def ask(self, method: str, path: str, *, insist: bool = True, **how: Any) -> Response:  # noqa: ANN401 - what requests takes
        """The response to one request; HTTP 500 is one at once where we do not `insist`.

        Raises AnnotationToolDown and AnnotationToolMisconfigured.
        """
        response = self._send(method, path, insist=insist, **how)
        if response.status_code == _UNAUTHORISED and self._token.personal:
            self._exchange()
            response = self._send(method, path, insist=insist, **how)
        if response.status_code in {_UNAUTHORISED, _FORBIDDEN}:
            raise AnnotationToolMisconfigured(
                "Label Studio does not accept the token: put a valid one into feedloop-label-studio-token."
            )
        return response

    def _exchange(self) -> None:
        response = self._send("POST", "/api/token/refresh", json={"refresh": self._token.personal})
        if response.status_code == _OK:
            self._token.header = f"Bearer {document_of(response)['access']}"

    def _send(self, method: str, path: str, *, insist: bool = True, **how: Any) -> Response:  # noqa: ANN401 - what requests takes
        session = self._session if insist else self._once_broken
        try:
            return session.request(method, self._url + path, timeout=(_CONNECT, _SILENCE), **how)
        except RequestException as error:
            raise AnnotationToolDown(f"Label Studio does not answer: {error}") from error


def document_of(response: Response) -> Document:
    """The JSON document of a good response. Raises AnnotationToolDown and AnnotationToolMisconfigured."""
    if response.status_code == NOT_FOUND:
        raise AnnotationToolMisconfigured(f"Label Studio has lost a project: {_SET_UP}.")
    if not response.ok:
        raise AnnotationToolDown(f"Label Studio failed: {reason(response)}")
    try:
        parsed: Document = response.json()
    except RequestException as error:
        raise AnnotationToolDown("What answers at LABEL_STUDIO_URL is not Label Studio.") from error
    return parsed


def reason(response: Response) -> str:
    """What Label Studio says is wrong."""
    return f"HTTP {response.status_code}: {response.text[:500]}"
