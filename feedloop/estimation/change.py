"""How far two independent estimates lie apart."""

from math import hypot

from feedloop.estimation.estimate import Estimate


def change(before: Estimate | None, after: Estimate | None) -> Estimate | None:
    """After minus before, of windows that share no label; None without one of them.

    The squares of the distances to the nearer ends add up: Newcombe (1998), Statistics in Medicine 17:873, method 10;
    for any two intervals Zou and Donner (2008), Statistics in Medicine 27:1693 (MOVER).
    """
    if before is None or after is None:
        return None
    value = after.value - before.value
    low = value - hypot(after.value - after.low, before.high - before.value)
    high = value + hypot(after.high - after.value, before.value - before.low)
    return Estimate(value, max(low, -1.0), min(high, 1.0), after.labels + before.labels)
