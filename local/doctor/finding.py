"""What a check finds, in words for an operator."""

from typing import NamedTuple

OK, WRONG, NOT_CHECKED = "ok", "wrong", "not checked"


class Finding(NamedTuple):
    """One of the three words, and a sentence; of what is wrong it says what to do."""

    word: str
    why: str


def ok(why: str) -> Finding:
    """Seen to be well."""
    return Finding(OK, why)


def wrong(*faults: str) -> Finding:
    """Seen to be wrong; what is found several times is said once."""
    return Finding(WRONG, " ".join(dict.fromkeys(faults)))


def not_checked(why: str) -> Finding:
    """Not seen, and why."""
    return Finding(NOT_CHECKED, why)
