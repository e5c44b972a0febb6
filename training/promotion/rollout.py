"""A release that is seen: the pointer moves, and goes back when the running predict cannot follow it."""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from types import MappingProxyType
from typing import Protocol
from urllib.request import HTTPErrorProcessor, HTTPSHandler, ProxyHandler, Request, build_opener

from feedloop import releases, settings
from feedloop.active_model import POLL_SECONDS
from feedloop.domain.cards import ModelCard, version_of
from feedloop.domain.documents import Document, load
from feedloop.domain.errors import BadRequest, Changed, GatewayDown, Malformed, ModelRefused, NoModel, Unavailable
from feedloop.ports import ObjectStore
from feedloop.releases import Pointer
from training.progress import Progress
from training.promotion import registry
from training.promotion.release_checks import CheckedModel

_NO_MODEL = "urn:feedloop:problem:no-model"
_PROBLEM = "urn:feedloop:problem:"
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for predict, and how to be sure: so many answers in a row, after every replica has looked."""

    seconds: float = 120.0
    pause: float = 1.0
    """One address may ask so often: PREDICT_LIMIT."""
    answers: int = 10
    """There may be several replicas, and each answers for itself."""
    settled: float = 2 * POLL_SECONDS
    """By then every replica has followed the pointer; before, it may still speak of an earlier release."""
    clock: Callable[[], float] = field(default=time.monotonic)
    sleep: Callable[[float], None] = field(default=time.sleep)


class Gateway(Protocol):
    """Whom we ask what serves."""

    @property
    def patience(self) -> Patience:
        """How long we ask."""

    def about(self) -> Document:
        """What one replica of predict says of itself, or the problem that it has. Raises GatewayDown."""


@dataclass(frozen=True, slots=True)
class HttpGateway:
    """Where the functions answer, for example http://127.0.0.1:8080."""

    url: str
    patience: Patience = Patience()

    def about(self) -> Document:
        """What one replica of predict says of itself, or the problem that it has. Raises GatewayDown."""
        address, route = f"{self.url}/function/predict", settings.route(self.url)
        secure = HTTPSHandler(context=ssl.create_default_context(cafile=route.ca_file or None))
        try:
            with build_opener(ProxyHandler(route.proxies()), secure, _AnyStatus).open(
                address, timeout=_SECONDS
            ) as opened:
                document = load(opened.read())
        except (OSError, HTTPException) as error:
            raise GatewayDown(f"{address} does not answer ({getattr(error, 'reason', error)}). {_REMEDY}") from error
        except Malformed as error:
            raise GatewayDown(f"{address} does not answer as predict does ({opened.status}). {_REMEDY}") from error
        if "model" not in document and not str(document.get("type")).startswith(_PROBLEM):
            raise GatewayDown(f"{address} does not answer as predict does ({opened.status}). {_REMEDY}")
        return document


class _AnyStatus(HTTPErrorProcessor):
    """A problem is an answer, too; urllib would raise it."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        if response.status >= HTTPStatus.BAD_REQUEST:
            return response
        return super().http_response(request, response)  # type: ignore[misc, no-any-return] # follows a redirect

    https_response = http_response


_REMEDY = (
    "Start it, name another with --gateway URL, or say --no-wait: then nobody sees whether predict can serve the model."
)


def release(
    store: ObjectStore,
    checked: CheckedModel,
    renames: Mapping[str, str] = MappingProxyType({}),
    *,
    gateway: Gateway | None,
    now: datetime,
    progress: Progress,
    instead_of: str | None = None,
    new_classes: bool = False,
) -> ModelCard:
    """Publish a model and wait until every replica of predict serves it; without a gateway nobody looks.

    Returns the card as it is stored. Killed while it waits, the model is released; the same call again ends the work.
    Raises GatewayDown before anything has moved; ModelRefused when predict refuses it or does not follow in time: the
    pointer is back then, if it still named this model; and as `registry.add` and `releases.point_to` raise.
    """
    if gateway:
        gateway.about()  # before anything is written
    card = registry.add(store, checked.package, renames, new_classes=new_classes)
    _roll_out(store, card, _Watch(gateway, progress) if gateway else None, now, instead_of)
    return card


def rollback(
    store: ObjectStore,
    checked: CheckedModel,
    *,
    gateway: Gateway | None,
    now: datetime,
    progress: Progress,
) -> None:
    """Let a model that was released before serve again, as `release` does. Raises GatewayDown and ModelRefused."""
    _roll_out(store, checked.package.card, _Watch(gateway, progress) if gateway else None, now)


def _roll_out(
    store: ObjectStore, card: ModelCard, watch: "_Watch | None", now: datetime, instead_of: str | None = None
) -> None:
    if watch:
        watch.gateway.about()  # before anything moves
    before = _serving_before(store, card, now)
    releases.point_to(store, card.name, card.id, now, instead_of=instead_of)
    if watch and (why := watch.wait(card.version, partial(_is_current, store, card))):
        raise ModelRefused("predict", f"{why} {_go_back(store, card, before)}")


def _is_current(store: ObjectStore, card: ModelCard) -> bool:
    """Whether the pointer still names it; a store that is away for a moment does not end the wait."""
    with suppress(Unavailable):
        return releases.fetch_pointer(store).sha256 == card.id
    return True


def _serving_before(store: ObjectStore, card: ModelCard, now: datetime) -> Pointer | None:
    """Where the pointer goes back to. It names this model already when an earlier call was killed while it waited."""
    try:
        pointer = releases.fetch_pointer(store)
        if pointer.sha256 != card.id:
            return pointer
        previous = registry.find_release(store, registry.PREVIOUS).card
    except (NoModel, BadRequest):
        return None
    return Pointer(previous.name, previous.id, "", now)


@dataclass(frozen=True, slots=True)
class _Watch:
    gateway: Gateway
    progress: Progress

    def wait(self, version: str, is_current: Callable[[], bool]) -> str:
        """Ask until every answer is the new model's; why it is not to be, else empty."""
        in_row, latest, patience = 0, "nothing", self.gateway.patience
        what = f"waiting until predict serves {version}"
        for elapsed, about in self.progress(self._ask(), int(patience.seconds / patience.pause), what):
            latest = str(about.get("model", {}).get("version") or about.get("detail", ""))
            in_row = in_row + 1 if latest == version else 0
            if latest != version and not is_current():
                return f"The pointer names another release than {version} by now."
            if elapsed < patience.settled:
                continue
            if in_row >= patience.answers:
                return ""
            refused = about.get("refused") or {}
            if refused.get("version") == version:
                return f"The running predict refuses {version}: {refused.get('why')}"
            if about.get("type") == _NO_MODEL:
                return f"The running predict cannot serve {version}: {latest}"
        return (
            f"After {patience.seconds:g} s not every answer of predict is {version}'s, the last was: {latest}. Its log"
            " says why (model.refused); a predict of an earlier version of Feedloop says it only there. Or the gateway"
            " belongs to another store."
        )

    def _ask(self) -> Iterator[tuple[float, Document]]:
        """When, and what predict says, until time is up; that it is away for a moment is an answer like any other."""
        patience = self.gateway.patience
        start = patience.clock()
        while (elapsed := patience.clock() - start) < patience.seconds:
            try:
                yield elapsed, self.gateway.about()
            except GatewayDown as error:
                yield elapsed, {"detail": str(error)}
            patience.sleep(patience.pause)


def _go_back(store: ObjectStore, card: ModelCard, before: Pointer | None) -> str:
    """Move the pointer back, unless somebody moved it; says what became of it."""
    if not before:
        return "It is the first release, so there is none to go back to: release another."
    try:
        releases.restore(store, before, instead_of=card.id)
    except Changed:
        return "Somebody released another model meanwhile, which stays."
    return f"The pointer is back at {before.name} {version_of(before.sha256)}, which serves on."
