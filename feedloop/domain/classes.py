"""The append-only list of classes: an index never changes its meaning, a rename keeps it."""

from dataclasses import dataclass
from typing import Self

from feedloop.domain.documents import Document
from feedloop.domain.errors import Malformed, UnknownClass

_TOLD = 40
"""How much of an unknown name a refusal repeats."""


@dataclass(frozen=True, slots=True)
class ClassList:
    """Class names by index, with the names each had before."""

    names: tuple[str, ...]
    former: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, names: list[str]) -> Self:
        """A list without a past. Raises Malformed when a name comes twice."""
        _check_distinct(names)
        return cls(tuple(names), tuple(() for _ in names))

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read `classes.json`. Raises Malformed."""
        try:
            entries = [(str(entry["name"]), tuple(entry.get("former", ()))) for entry in document["classes"]]
        except (KeyError, TypeError) as error:
            raise Malformed(f"not a class list: {error!r}") from error
        return cls(tuple(name for name, _ in entries), tuple(former for _, former in entries))

    def to_document(self) -> Document:
        """`classes.json`."""
        entries = zip(self.names, self.former, strict=True)
        return {"v": 1, "classes": [{"name": name, "former": list(former)} for name, former in entries]}

    def index(self, name: str) -> int:
        """The class of a name, present names before former ones. Raises UnknownClass."""
        if name in self.names:
            return self.names.index(name)
        for index, former in enumerate(self.former):
            if name in former:
                return index
        told = name if len(name) <= _TOLD else f"{name[:_TOLD]}…"
        raise UnknownClass(f"{told!r} is not one of the {len(self.names)} classes.")

    def name(self, index: int) -> str:
        """The present name of an index."""
        return self.names[index]

    def appended(self, names: list[str]) -> Self:
        """This list followed by new names. Raises Malformed when `names` does not begin with it, or has one twice."""
        _check_distinct(names)
        if tuple(names[: len(self.names)]) != self.names:
            raise Malformed("the class list is append-only: rename a class explicitly, never move one")
        new = names[len(self.names) :]
        return type(self)((*self.names, *new), (*self.former, *(() for _ in new)))

    def renamed(self, old: str, new: str) -> Self:
        """The same list with another name for one index. Raises Malformed when `old` is unknown or `new` is taken."""
        if old not in self.names:
            raise Malformed(f"{old!r} cannot be renamed: it is not one of the classes")
        index = self.names.index(old)
        names = [new if at == index else name for at, name in enumerate(self.names)]
        _check_distinct(names)
        former = [past for past in (*self.former[index], old) if past != new]
        return type(self)(tuple(names), (*self.former[:index], tuple(former), *self.former[index + 1 :]))


def _check_distinct(names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise Malformed("a class is named twice")
