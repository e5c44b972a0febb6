"""The system as everybody outside meets it: the gateway, over HTTP."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from requests import ConnectionError as NoConnection

from feedloop import http_client
from feedloop.domain.documents import Document
from feedloop.domain.errors import Unavailable

_PATIENCE = (5, 300)  # seconds to connect, seconds for a sweep
_ATTEMPTS, _PAUSE = 8, 0.5
_AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, *(status for status in HTTPStatus if status >= HTTPStatus.BAD_GATEWAY)}
_CRON = {"X-Topic": "cron-function", "X-Connector": "cron-connector"}


@dataclass(frozen=True, slots=True)
class Site:
    """Visitors, cron and whoever reads the report; each call is tried again as the website does it."""

    gateway: str
    pause: Callable[[float], None] = time.sleep

    def predict(self, picture: bytes, key: str) -> Document:
        """The answer to an upload; the same for the same key. Raises Unavailable."""
        return self._ask("POST", "predict", data=picture, headers={"Idempotency-Key": key})

    def flag(self, receipt: str) -> None:
        """That is wrong. Raises Unavailable."""
        self._ask("POST", "flag", data={"prediction_id": receipt})

    def relabel(self, receipt: str, name: str) -> None:
        """It is that class. Raises Unavailable."""
        self._ask("POST", "relabel", data={"prediction_id": receipt, "class": name})

    def model_info(self) -> Document:
        """What the website is told of the model. Raises Unavailable."""
        return self._ask("GET", "predict")

    def cron(self, function: str) -> Document:
        """One firing, as the cron-connector does it: no body, no token. Raises Unavailable."""
        return self._ask("POST", function, data=b"", headers=_CRON)

    def report(self, first: str, last: str) -> Document:
        """How often answers of these days were right, whichever model gave them. Raises Unavailable."""
        return self._ask("GET", "report", params={"from": first, "to": last, "model": "all"})

    def _ask(self, method: str, function: str, **how: Any) -> Document:  # noqa: ANN401 - what requests takes
        url, why = f"{self.gateway}/function/{function}", ""
        for _ in range(_ATTEMPTS):
            try:
                answer = http_client.request(method, url, timeout=_PATIENCE, **how)
            except NoConnection as error:
                why = f"{error}"
            else:
                if answer.ok:
                    document: Document = answer.json()
                    return document
                why = f"{answer.status_code} {answer.text[:300]}"
                if answer.status_code not in _AGAIN:
                    break
            self.pause(_PAUSE)
        raise Unavailable(f"{function} does not do its work: {why}")
