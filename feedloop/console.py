"""The terminal, whatever it is: a character that it cannot print does not stop a command."""

import os
import sys
from io import TextIOWrapper


def describe(error: OSError) -> str:
    """What the system refused, in a sentence."""
    return f"{error.filename or 'The output'} cannot be read or written: {error.strerror or error}."


def prepare() -> None:
    """Spell out a letter that the output's encoding lacks as an escape, and let an output that is closed take all."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        elif stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as we run
