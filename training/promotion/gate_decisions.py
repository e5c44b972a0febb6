"""The gate at work: compare a challenger with the champion, keep the decision, and release when it allows that."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from feedloop import releases
from feedloop.domain.answers import OTHER
from feedloop.domain.cards import ModelCard
from feedloop.domain.clock import DayRange, iso
from feedloop.domain.documents import Document
from feedloop.domain.errors import BadRequest, ModelRefused
from feedloop.domain.prediction import sample_key_of
from feedloop.evidence import human_labels
from feedloop.evidence.human_labels import HumanLabels
from feedloop.ports import ObjectStore
from training.data import manifests
from training.model.card import trained_on
from training.progress import Progress
from training.promotion import comparison, gate, registry, rollout, test_days
from training.promotion.comparison import Comparison
from training.promotion.gate import Rules
from training.promotion.registry import ModelPackage
from training.promotion.release_checks import CheckedModel
from training.promotion.rollout import Gateway

NO_MANIFEST = (
    "Nobody knows which of the loop's pictures the model has learned from, so none of them can judge it. Lay the"
    f" {manifests.FILE} of its training data beside it (`feedloop pull --for-training` writes one), or, if it was"
    " trained elsewhere, give your word: --never-saw-the-loop."
)


def judge(
    store: ObjectStore,
    checked: CheckedModel,
    days: DayRange,
    rules: Rules,
    *,
    force: bool = False,
    never_saw_the_loop: bool = False,
    gateway: Gateway | None,
    now: datetime,
    progress: Progress,
) -> Document:
    """Compare both on the labels of these days, decide, keep the decision, and release when it says so or by force.

    A challenger names what it learned from in its manifest, or somebody gives their word that it `never_saw_the_loop`.
    Returns the decision, as `verdict.json` holds it. Raises BadRequest when neither is so, or both, and when the
    challenger serves already; NoModel when nothing serves, ClassesDisagree, and Changed when another release came
    meanwhile: then nothing is released, and the decision stays. As `rollout.release` raises, too: where predict refuses
    the model, another decision says so.
    """
    challenger = checked.package
    release = releases.current(store)
    resolved = releases.resolve(store, challenger.card.document)
    known, challenger = resolved.classes.names, replace(challenger, card=resolved.card)
    if release.card.id == challenger.card.id:
        raise BadRequest(f"{challenger.card.id[:12]} serves already: there is nothing to judge.")
    _check_manifest(challenger, never_saw_the_loop=never_saw_the_loop)
    champion = registry.fetch_package(store, release)
    labels = human_labels.fetch(store, classes=len(known))
    judging = test_days.fetch_days(store, days, labels, classes=len(known), now=now)
    compared = comparison.compare(comparison.fetch_evaluation_set(store, judging), champion, challenger, progress)
    names = {"model": _name(challenger), "against": _name(champion)}
    learned = {
        "never_saw_the_loop": never_saw_the_loop,
        "manifest": {"model": _manifest(challenger, labels), "against": _manifest(champion, labels)},
    }
    decided = _document(compared, challenger.card, known, days, rules, force=force)
    decision = {"v": 1, "at": iso(now), **names, **decided, **learned}
    registry.save_decision(store, decision)
    if decision["released"]:
        serves = champion.card.id
        try:
            rollout.release(store, checked, gateway=gateway, now=now, progress=progress, instead_of=serves)
        except ModelRefused as error:
            registry.save_decision(store, {**decision, "released": False, "refused": str(error)})
            raise
    return decision


def summary(decision: Document) -> str:
    """A decision in one line."""
    name = f"{decision['model']['name']} {decision['model']['sha256'][:12]}"
    forced = " It was released all the same, by force." if decision["forced"] else ""
    state = "serves" if decision["released"] else f"is not released ({decision['decision']})"
    return f"{name} {state}. {decision['why']}{forced}"


def _check_manifest(challenger: ModelPackage, *, never_saw_the_loop: bool) -> None:
    """Raises BadRequest unless it is known which pictures of the loop the model has learned from."""
    facts, manifest = trained_on(challenger.card), challenger.manifest
    if never_saw_the_loop and (manifest or facts.get("dataset") == manifests.LOOP):
        says = f"{manifests.FILE} names {len(manifest)} pictures of it" if manifest else "card says that it did"
        raise BadRequest(f"Never saw the loop? The model's {says}.")
    if manifest is None and not never_saw_the_loop:
        raise BadRequest(NO_MANIFEST)
    named = facts.get("manifest")
    if named and manifest is not None and manifests.version(manifests.to_bytes(manifest)) != named:
        raise BadRequest(f"The {manifests.FILE} is of other training data than the card names: {str(named)[:12]}.")


def _manifest(package: ModelPackage, labels: HumanLabels) -> Document | None:
    """How many pictures a manifest names, and how many of them nobody labels in this store; None without one."""
    if package.manifest is None:
        return None
    known = set().union(*labels.answers.values())
    unknown = sum(sample_key_of(entry.prediction) not in known for entry in package.manifest)
    return {"pictures": len(package.manifest), "not_here": unknown}


def _name(package: ModelPackage) -> Document:
    return {"name": package.card.name, "sha256": package.card.id}


def _document(
    compared: Comparison, card: ModelCard, classes: Sequence[str], days: DayRange, rules: Rules, *, force: bool
) -> Document:
    """What was decided, by what rules, on what labels, and how both models did."""
    pair, evaluated = compared.paired, compared.evaluated
    decided = gate.decide(pair, classes, rules)
    by_class = pair.by_class if pair else {}
    return {
        "decision": decided.what,
        "why": decided.why,
        "forced": force and decided.what != gate.RELEASE,
        "released": force or decided.what == gate.RELEASE,
        "rules": asdict(rules),
        "window": {"from": days.first, "to": days.last},
        "days": [
            {"day": day.day, "predictions": day.predictions, "sampled": day.sampled, "labels": len(day.labelled)}
            for day in evaluated.days
        ],
        "labels": {
            "judged": len(compared.answers),
            "none_of_these": sum(one.truth == OTHER for one in compared.answers),
            "trained_on": len(evaluated.pictures) - len(compared.answers),
            "silent": sum(day.silent for day in evaluated.days),
            "picture_gone": evaluated.gone,
        },
        "accuracy": {"before": compared.accuracy("old"), "after": compared.accuracy("new")},
        "difference": asdict(pair.overall) if pair else None,
        "per_class": [
            {"class_index": index, "class": classes[index], "difference": asdict(one)}
            for index, one in by_class.items()
        ],
        "labels_needed": decided.needed,
        "trained_on": card.document.get("trained_on", {}),
    }
