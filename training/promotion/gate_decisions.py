"""The gate at work: judge a candidate against the model that serves, keep the verdict, release when it allows that.

The verdict lies beside the model, or where the model would lie when it is refused. Judging again, with more labels or
by force, keeps what was said before under `earlier`.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime

from feedloop import releases
from feedloop.compare_and_swap import attempts
from feedloop.domain import keys
from feedloop.domain.answers import OTHER
from feedloop.domain.clock import iso
from feedloop.domain.documents import Document, dump, load
from feedloop.domain.errors import AlreadyExists, BadRequest, Changed, Malformed, Missing
from feedloop.estimation.paired import Compared, Paired, paired
from feedloop.ports import ObjectStore
from feedloop.releases import DECISION_FILE, Release
from training.data import manifests
from training.data.manifests import ManifestEntry
from training.progress import Progress
from training.promotion import comparison, gate, registry, test_days
from training.promotion.comparison import Contender, Sample
from training.promotion.gate import Rules
from training.promotion.test_days import Window


@dataclass(frozen=True, slots=True)
class Candidate(Contender):
    """A model that wants to serve, and what it was trained on as far as that is known."""

    trained: tuple[ManifestEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """What to judge by, and how strictly."""

    window: Window
    rules: Rules = field(default_factory=Rules)
    force: bool = False


def judge(store: ObjectStore, new: Candidate, chosen: Trial, *, now: datetime, progress: Progress) -> Document:
    """Compare, decide, keep the verdict, and release when it says so or by force; the verdict.

    Raises BadRequest when the candidate serves already or answers other classes, NoModel when nothing serves, and
    Changed when another release came meanwhile: then nothing is released, and the verdict stays.
    """
    release = releases.current(store)
    _check(new, release)
    old = Contender(releases.model_bytes(store, release), release.card)
    days = test_days.read(store, chosen.window, test_days.answers(store), classes=len(release.classes.names), now=now)
    whole = comparison.sample(store, days)
    shown = whole.without([*new.trained, *_trained(store, old)])
    found = _Found(whole, comparison.compare(shown, old, new, progress))
    verdict = {"v": 1, "at": iso(now), **_document(new, old, chosen, found)}
    keep(store, verdict)
    if verdict["released"]:
        _release(store, new, old.card.sha256, now)
    return verdict


def keep(store: ObjectStore, verdict: Document) -> None:
    """Write a verdict above those that were given before about the same model."""
    ref = keys.model_file(verdict["model"]["name"], verdict["model"]["sha256"], DECISION_FILE)
    with suppress(AlreadyExists):
        store.create(ref, dump(verdict))
        return
    for _ in attempts(ref):
        stored = store.get(ref)
        before = load(stored.body)
        earlier = [{name: told for name, told in before.items() if name != "earlier"}, *before.get("earlier", [])]
        with suppress(Changed):
            store.replace(ref, dump({**verdict, "earlier": earlier}), etag=stored.etag)
            return


def read(store: ObjectStore, name: str, sha256: str) -> Document | None:
    """The last verdict about a model; None when it was never judged."""
    try:
        return load(store.get(keys.model_file(name, sha256, DECISION_FILE)).body)
    except Missing:
        return None


def _check(new: Candidate, release: Release) -> None:
    known = release.classes.names
    if release.card.sha256 == new.card.sha256:
        raise BadRequest(f"{new.card.sha256[:12]} serves already: there is nothing to judge.")
    if new.card.classes[: len(known)] != known:
        raise BadRequest(f"The new model's classes do not begin with those that are known: {', '.join(known)}.")


def _release(store: ObjectStore, new: Candidate, instead_of: str, now: datetime) -> None:
    """The manifest first, the pointer last."""
    registry.keep_manifest(store, new.card, new.trained)
    releases.publish(store, new.model, new.card.document, now=now, instead_of=instead_of)


@dataclass(frozen=True, slots=True)
class _Found:
    """The sample as it was drawn, and what was compared of it."""

    whole: Sample
    compared: Sequence[Compared]

    @property
    def sizes(self) -> dict[str, int]:
        """The predictions of every day."""
        return {day.day: day.predictions for day in self.whole.days}

    def labels(self) -> Document:
        """How many answers took part, and why others did not."""
        return {
            "judged": len(self.compared),
            "none_of_these": sum(one.truth == OTHER for one in self.compared),
            "trained_on": len(self.whole.shown) - len(self.compared),
            "silent": sum(day.silent for day in self.whole.days),
            "picture_gone": self.whole.gone,
        }

    def share(self, which: str) -> float | None:
        """The accuracy of one of both, each picture standing for its share of its day."""
        sizes, answers = self.sizes, Counter(one.day for one in self.compared)
        weights = [sizes[one.day] / answers[one.day] for one in self.compared]
        right = [weight for one, weight in zip(self.compared, weights, strict=True) if getattr(one, which) == one.truth]
        return round(sum(right) / sum(weights), 4) if weights else None


def _trained(store: ObjectStore, old: Contender) -> list[ManifestEntry]:
    """What the serving model was trained on, when its release tells."""
    try:
        return manifests.parse(store.get(keys.model_file(old.card.name, old.card.sha256, manifests.FILE)).body)
    except (Missing, Malformed):
        return []


def _document(new: Candidate, old: Contender, chosen: Trial, found: _Found) -> Document:
    pair, classes = paired(found.compared, found.sizes), new.card.classes
    decided = gate.decide(pair, classes, chosen.rules)
    days = found.whole.days
    return {
        "model": {"name": new.card.name, "sha256": new.card.sha256},
        "against": {"name": old.card.name, "sha256": old.card.sha256},
        "decision": decided.what,
        "why": decided.why,
        "forced": chosen.force and decided.what != gate.RELEASE,
        "released": chosen.force or decided.what == gate.RELEASE,
        "rules": asdict(chosen.rules),
        "window": {"from": chosen.window.first, "to": chosen.window.last},
        "days": [{"day": day.day, "predictions": day.predictions, "labels": len(day.answered)} for day in days],
        "labels": found.labels(),
        "accuracy": {"before": found.share("old"), "after": found.share("new")},
        "difference": asdict(pair.overall) if pair else None,
        "per_class": _per_class(pair, classes),
        "labels_needed": decided.needed,
        "trained_on": new.card.document.get("trained_on", {}),
    }


def _per_class(found: Paired | None, classes: Sequence[str]) -> list[Document]:
    by_class = found.by_class if found else {}
    return [
        {"class_index": index, "class": classes[index], "difference": asdict(one)} for index, one in by_class.items()
    ]


def words(verdict: Document) -> str:
    """The verdict in one line."""
    name = f"{verdict['model']['name']} {verdict['model']['sha256'][:12]}"
    forced = " It was released all the same, by force." if verdict["forced"] else ""
    state = "serves" if verdict["released"] else f"is not released ({verdict['decision']})"
    return f"{name} {state}. {verdict['why']}{forced}"
