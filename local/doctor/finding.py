"""What a check finds, in words for an operator."""

from typing import NamedTuple

OK, WRONG, NOT_CHECKED = "ok", "wrong", "not checked"


class Verdict(NamedTuple):
    """One of the three words, and a sentence; of what is wrong it says what to do."""

    word: str
    why: str


def ok(why: str) -> Verdict:
    """Seen to be well."""
    return Verdict(OK, why)


def wrong(*faults: str) -> Verdict:
    """Seen to be wrong; what is found several times is said once."""
    return Verdict(WRONG, " ".join(dict.fromkeys(faults)))


def not_checked(why: str) -> Verdict:
    """Not seen, and why."""
    return Verdict(NOT_CHECKED, why)
