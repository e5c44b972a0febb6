"""Names that people give to classes, one a line: they must survive whatever a name goes through."""

from pathlib import Path

GIVEN = tuple(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").removesuffix("\n").split("\n"))
"""All different, also to whoever compares them by their canonical form and ignores case."""
