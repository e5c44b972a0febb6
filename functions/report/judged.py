"""What two models said of the same pictures: the gate's comparison, kept with the verdict about the newer one."""

from collections.abc import Iterator
from contextlib import suppress

from feedloop.domain import keys
from feedloop.domain.documents import Document
from feedloop.domain.errors import Malformed, Missing, StoreMisconfigured
from feedloop.estimation.intervals import Estimate
from feedloop.evidence.human_labels import fetch_document
from feedloop.ports import ObjectStore
from feedloop.releases import DECISION_FILE, Pointer

from .estimates import estimate
from .serving import Switch


def paired(store: ObjectStore, pointer: Pointer | None, switch: Switch | None) -> Document | None:
    """The serving model minus the one it replaced, on pictures that both judged; None when nobody compared them.

    A model that came back was compared when the other took its place: then the signs are turned.
    """
    if not (pointer and switch and switch.replaced and pointer.sha256.startswith(switch.model)):
        return None
    asked = [(pointer.sha256, switch.replaced, 1)]
    if pointer.previous.startswith(switch.replaced):
        asked.append((pointer.previous, switch.model, -1))
    for sha256, other, sign in asked:
        for verdict in _verdicts(store, pointer.name, sha256):
            with suppress(KeyError, TypeError, ValueError, AttributeError):
                if verdict["against"]["sha256"].startswith(other):
                    return {"at": str(verdict["at"]), "difference": estimate(_difference(verdict["difference"], sign))}
    return None


def _verdicts(store: ObjectStore, name: str, sha256: str) -> Iterator[Document]:
    """The last one first; none where none was kept, or where this deployment's key may not read them."""
    with suppress(Missing, Malformed, StoreMisconfigured):
        last = fetch_document(store, keys.model_file(name, sha256, DECISION_FILE))
        earlier = last.get("earlier")
        yield from (last, *(earlier if isinstance(earlier, list) else ()))


def _difference(told: Document, sign: int) -> Estimate:
    """Raises ValueError and TypeError for what is no difference."""
    value, *ends = (sign * float(told[name]) for name in ("value", "low", "high"))
    found = Estimate(value, min(ends), max(ends), int(told["labels"]))
    if not -1 <= found.low <= found.value <= found.high <= 1:
        raise ValueError("no difference of two shares")
    return found
