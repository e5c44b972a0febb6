"""Does an interval of the report hold what it promises, and does the gate release the right models? Chance alone.

Windows of 28 days of 150 predictions whose truth is known (tests/support/worlds.py), 1,000 per scenario and part, each
from a seed of its own, through the estimators of the report. The truth is the share of the window's own predictions
that is right. "overall": 5 random labels a day, bias and half the interval's length in points, coverage in per cent.
"classes": 20 random labels a day, precision and recall of each class that has 10 random labels among what was called
so, or of it. "pooled" is Wilson's interval of the random labels as if days were equal, "queues pooled" of all labels.
"labels": random ones at which half the mean interval is 5 points. "gate": 2,000 random labels and two models that
disagree on so many of them, through the gate of training. Takes about eight minutes of one core.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

import numpy as np
from numpy.random import Generator, default_rng

from benchmarks.shared import report
from feedloop.estimation.accuracy import accuracy
from feedloop.estimation.confusion import per_class
from feedloop.estimation.intervals import Estimate, wilson
from feedloop.estimation.paired import Compared, Paired, paired
from tests.support import worlds
from tests.support.worlds import PLAIN, SCENARIOS, SyntheticWindow, World
from training.promotion.gate import RELEASE, Rules, decide

SEEDS, ENOUGH = 1_000, 10
DAILY, AIM = (2, 3, 4, 5, 6, 7, 8, 9), 0.05
PARTS = ("overall", "classes", "labels", "gate")
TELLING = {
    "confidence tells less": replace(PLAIN, spread=1.2, ease=2.0),
    "usual": PLAIN,
    "confidence tells more": replace(PLAIN, spread=2.2, ease=3.0),
}
GATES = {
    "equal, 4 of 100 disagree": (0.0, 0.04, 1.0),
    "equal, 8 of 100": (0.0, 0.08, 1.0),
    "equal, 12 of 100": (0.0, 0.12, 1.0),
    "3 points worse, 5 of 100": (-0.03, 0.05, 1.0),
    "3 points worse, 8 of 100": (-0.03, 0.08, 1.0),
    "3 points worse, 12 of 100": (-0.03, 0.12, 1.0),
    "3 points worse, 8 of 100, days vary 100-fold": (-0.03, 0.08, 100.0),
    "equal, 8 of 100, days vary 100-fold": (0.0, 0.08, 100.0),
}
RIGHT = 0.85

Miss = tuple[float, bool, float]
"""Estimate minus truth, whether the interval holds the truth, half its length."""


def main() -> None:
    """Show a table per part, and keep all of them when nothing was left out."""
    arguments = _arguments()
    before = report.conditions()
    measured = {"overall": overall, "classes": classes, "labels": labels, "gate": gate}
    tables = {part: measured[part](arguments.seeds) for part in arguments.parts}
    for rows in tables.values():
        report.table(rows)
    if arguments.seeds == SEEDS:
        for part, rows in tables.items():
            report.keep("coverage", __doc__, part, {**report.finished(before), "seeds": SEEDS, "rows": rows})


def overall(seeds: int) -> list[report.Row]:
    """The accuracy of each scenario, as reported and as mistakes would have it."""
    return [row for name, world in SCENARIOS.items() for row in _overall(name, world, seeds)]


def classes(seeds: int) -> list[report.Row]:
    """Precision and recall of each scenario."""
    return [row for name, world in SCENARIOS.items() for row in _classes(name, replace(world, labels=20), seeds)]


def labels(seeds: int) -> list[report.Row]:
    """Random labels for five points, by how much the model's confidence tells."""
    return [_labels(name, world, seeds) for name, world in TELLING.items()]


def gate(seeds: int) -> list[report.Row]:
    """How often a planted model is released."""
    return [_gate(name, *planted, seeds) for name, planted in GATES.items()]


def missed(estimate: Estimate, truth: float) -> Miss:
    """How an estimate stands to the truth."""
    return estimate.value - truth, estimate.low - 1e-9 <= truth <= estimate.high + 1e-9, estimate.half_width


def estimates(window: SyntheticWindow) -> Iterator[tuple[str, Estimate]]:
    """Of one window's accuracy: ours, and what mistakes would give."""
    ours = accuracy(window.observed)
    right, blind, informed = window.predicted == window.truth, window.blind, window.informed != worlds.UNSEEN
    agreed = (window.predicted == window.informed)[informed]
    if ours.best and ours.blind:
        yield "reported", ours.best
        yield "random sample alone", ours.blind
    yield "pooled", _pooled(right[blind])
    yield "queues pooled", _pooled(np.concatenate([right[blind], agreed]))


def _pooled(right: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Estimate:
    share = float(right.mean())
    return Estimate(share, *wilson(share, len(right)), len(right))


def _overall(name: str, world: World, seeds: int) -> Iterator[report.Row]:
    report.say(name)
    misses: dict[str, list[Miss]] = defaultdict(list)
    for seed in range(seeds):
        window = worlds.window(world, default_rng(seed))
        for method, estimate in estimates(window):
            misses[method].append(missed(estimate, window.accuracy))
    yield from ({"": name, "estimate": method, **_summary(each)} for method, each in misses.items())


def _classes(name: str, world: World, seeds: int) -> Iterator[report.Row]:
    report.say(name)
    misses: dict[str, list[Miss]] = defaultdict(list)
    for seed in range(seeds):
        window = worlds.window(world, default_rng(seed))
        for measure, miss in _class_misses(window):
            misses[measure].append(miss)
    yield from ({"": name, "estimate": measure, **_summary(each)} for measure, each in misses.items())


def _class_misses(window: SyntheticWindow) -> Iterator[tuple[str, Miss]]:
    called = np.bincount(window.predicted[window.blind], minlength=worlds.CLASSES)
    named = np.bincount(window.truth[window.blind & (window.truth >= 0)], minlength=worlds.CLASSES)
    for index, estimated in per_class(window.observed).items():
        if estimated.precision and called[index] >= ENOUGH:
            yield "precision", missed(estimated.precision, window.precision(index))
        if estimated.recall and named[index] >= ENOUGH:
            yield "recall", missed(estimated.recall, window.recall(index))


def _summary(misses: list[Miss]) -> dict[str, object]:
    errors = [error for error, _, _ in misses]
    return {
        "bias": round(100 * fmean(errors), 2),
        "coverage": round(100 * fmean(held for _, held, _ in misses), 1),
        "half": round(100 * fmean(half for _, _, half in misses), 2),
        "error": round(100 * float(np.std(errors)), 2),
        "estimates": len(misses),
    }


def _labels(name: str, world: World, seeds: int) -> report.Row:
    report.say(name)
    halves: dict[str, list[float]] = defaultdict(list)
    for daily in DAILY:
        lengths: dict[str, list[float]] = defaultdict(list)
        for seed in range(seeds // 5):
            for method, each in estimates(worlds.window(replace(world, labels=daily), default_rng(seed))):
                lengths[method].append(each.half_width)
        for method, several in lengths.items():
            halves[method].append(fmean(several))
    ours, plain = (_labels_at_aim(halves[method]) for method in ("reported", "pooled"))
    return {"": name, "reported": round(ours), "plain sample": round(plain), "ratio": round(ours / plain, 3)}


def _labels_at_aim(halves: list[float]) -> float:
    """Between the two numbers of labels whose intervals enclose the aim."""
    return float(np.interp(-np.log(AIM), -np.log(halves), [PLAIN.days * daily for daily in DAILY]))


def _gate(name: str, better: float, disagree: float, uneven: float, seeds: int) -> report.Row:
    report.say(name)
    differences = [_compared(better, disagree, uneven, default_rng(seed)) for seed in range(seeds)]
    decisions = [decide(each, [str(index) for index in range(worlds.CLASSES)], Rules()).what for each in differences]
    held = [each.overall.low <= better <= each.overall.high for each in differences]
    return {
        "": name,
        "released": round(100 * fmean(what == RELEASE for what in decisions), 1),
        "coverage": round(100 * fmean(held), 1),
        "half": round(100 * fmean(each.overall.half_width for each in differences), 2),
        "a class fell": round(100 * fmean(any(map(_fell, each.by_class.values())) for each in differences), 1),
    }


def _fell(difference: Estimate) -> bool:
    return difference.high < -Rules().class_margin


def _compared(better: float, disagree: float, uneven: float, rng: Generator) -> Paired:
    """Two models on 2,000 pictures of 28 days; the classes are as common as in the worlds."""
    sizes = 1_000 * uneven ** (rng.random(28) - 0.5)
    truth = rng.choice(worlds.CLASSES, 2_000, p=worlds.MIX / worlds.MIX.sum())
    gained, lost = (disagree + better) / 2, (disagree - better) / 2
    kind = rng.choice(4, 2_000, p=[gained, lost, RIGHT - lost, 1 - RIGHT - gained])
    other = (truth + 1) % worlds.CLASSES
    old, new = np.where(np.isin(kind, (1, 2)), truth, other), np.where(np.isin(kind, (0, 2)), truth, other)
    columns = zip(truth.tolist(), old.tolist(), new.tolist(), strict=True)
    pictures = [Compared(str(index % 28), *three) for index, three in enumerate(columns)]
    difference = paired(pictures, {str(day): int(size) for day, size in enumerate(sizes)})
    if difference is None:
        raise RuntimeError("two thousand pictures and nothing to compare")
    return difference


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seeds", type=int, default=SEEDS, help="per scenario (%(default)s); results are kept of 1,000"
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="some of the questions only")
    return parser.parse_args()


if __name__ == "__main__":
    main()
