"""A release that is seen: the pointer moves, and goes back when the running predict cannot follow it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from feedloop.domain.documents import Document
from feedloop.ports import ObjectStore
from training.progress import Progress
from training.promotion.release_checks import CheckedModel


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the functions answer, for example http://127.0.0.1:8080."""

    url: str

    def about(self) -> Document:
        """What the running predict says of itself; without a model it has no `model`. Raises GatewayDown."""
        raise NotImplementedError


def release(
    store: ObjectStore,
    checked: CheckedModel,
    renames: Mapping[str, str] = MappingProxyType({}),
    *,
    gateway: Gateway | None,
    now: datetime,
    progress: Progress,
    instead_of: str | None = None,
) -> None:
    """Publish a model and wait until every replica of predict serves it; without a gateway nobody looks.

    Raises GatewayDown before anything has moved; ModelRefused when predict refuses it or does not follow in time: the
    pointer is back then, if it still named this model; and as `registry.publish` raises.
    """
    raise NotImplementedError
