"""Whether a challenger may replace the champion, decided on blind labels of the same pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from feedloop.estimation.intervals import Estimate
from feedloop.estimation.paired import Paired, labels_needed

RELEASE, REFUSE, WAIT = "release", "refuse", "too few labels"


@dataclass(frozen=True, slots=True)
class Rules:
    """How much accuracy a release may lose, as shares.

    `margin` is a loss overall that the interval must exclude, `class_margin` one of a class that it must not prove.
    """

    margin: float = 0.02
    class_margin: float = 0.05


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why in words; `needed` labels would settle what is open."""

    what: str
    why: str
    needed: int | None = None


def decide(pair: Paired | None, classes: Sequence[str], rules: Rules) -> Decision:
    """Non-inferiority by the 95 % interval of challenger minus champion (docs/decisions/0012-next-release.md).

    Refuse when the whole interval of a class lies below -class_margin: a few labels of a class prove nothing. Else
    release when the lower bound over all lies above -margin. Else refuse when the upper bound lies below 0, or with as
    many labels as let an equal model pass in eight of ten cases. Else wait, and name how many are needed. None for
    `pair` means that there is no label at all.
    """
    if pair is None:
        return Decision(WAIT, "There is no blind label to judge by.")
    changes = f"Accuracy changes by {_interval(pair.overall)} on {pair.overall.labels} blind labels"
    if fallen := [index for index, one in pair.by_class.items() if one.high < -rules.class_margin]:
        named = ", ".join(f"{classes[index]} by {_interval(pair.by_class[index])}" for index in fallen)
        joined = "and" if pair.overall.value < 0 else "but"
        limit = f"a class may be shown to lose {_points(rules.class_margin)}"
        return Decision(REFUSE, f"{changes}, {joined} of {named}: {limit}.")
    margin = _points(rules.margin)
    if pair.overall.low > -rules.margin:
        no_class = f"no class is shown to lose {_points(rules.class_margin)}"
        return Decision(RELEASE, f"{changes}: a loss of {margin} is excluded, and {no_class}.")
    undecided = f"{changes}: a loss of {margin} is not excluded"
    needed = labels_needed(pair, rules.margin)
    if pair.overall.high < 0:
        return Decision(REFUSE, f"{undecided}, and it is shown to be worse.")
    if needed <= pair.overall.labels:
        return Decision(REFUSE, f"{undecided}, with labels enough to do that for an equal model.")
    return Decision(WAIT, f"{undecided}. About {needed:,} labels would do that for an equal model.", needed)


def _interval(one: Estimate) -> str:
    return f"{100 * one.value:+.1f} points ({100 * one.low:+.1f} to {100 * one.high:+.1f})"


def _points(share: float) -> str:
    return f"{100 * share:g} points"
