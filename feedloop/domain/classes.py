"""The append-only list of classes: an index never changes its meaning, a rename keeps it.

Two names are the same when Unicode calls them canonically equivalent (UAX #15): a letter with its accent in one sign
or in two. Each stays as it was given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from feedloop.domain.class_names import check_names, quoted, same_form
from feedloop.domain.documents import Document
from feedloop.domain.errors import Malformed, UnknownClass

Translations = Mapping[str, tuple[int, ...]]
"""By a model's version the classes that the indices of its predictions mean, where it predicted by another list."""

MOST_INDICES = 10_000
"""A prediction's id has four digits for its class."""


@dataclass(frozen=True, slots=True)
class ClassList:
    """Class names by index, with the names each had before; nobody can choose a retired one any more.

    While it is `migrating` from the list of a model's name, labels of record do not all speak of this one yet.
    """

    names: tuple[str, ...]
    former: tuple[tuple[str, ...], ...]
    retired: frozenset[int] = frozenset()
    translations: Translations = field(default_factory=dict, hash=False)
    migrating: str = ""

    @classmethod
    def of(cls, names: Sequence[str]) -> Self:
        """A list without a past. Raises Malformed for a name that cannot be one, or comes twice."""
        check_names(names)
        return cls(tuple(names), tuple(() for _ in names))

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read `classes.json`. Raises Malformed."""
        try:
            entries = [(str(entry["name"]), tuple(entry.get("former", ()))) for entry in document["classes"]]
            retired = (index for index, entry in enumerate(document["classes"]) if entry.get("retired"))
            translated = document.get("translations", {})
            translations = {version: tuple(map(int, indices)) for version, indices in translated.items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Malformed(f"not a class list: {error!r}") from error
        return cls(
            tuple(name for name, _ in entries),
            tuple(former for _, former in entries),
            frozenset(retired),
            translations,
            str(document.get("migrating", "")),
        )

    def to_document(self) -> Document:
        """`classes.json`."""
        entries = [
            {"name": name, "former": list(former), **({"retired": True} if index in self.retired else {})}
            for index, (name, former) in enumerate(zip(self.names, self.former, strict=True))
        ]
        document: Document = {"v": 1, "classes": entries}
        if self.translations:
            document["translations"] = {version: list(indices) for version, indices in self.translations.items()}
        return {**document, **({"migrating": self.migrating} if self.migrating else {})}

    @property
    def choices(self) -> tuple[str, ...]:
        """The names that people can choose, in the order of the indices."""
        return tuple(name for index, name in enumerate(self.names) if index not in self.retired)

    def index(self, name: str) -> int:
        """The class of a name, present names before former ones. Raises UnknownClass."""
        if (index := self.find(name)) is None:
            raise UnknownClass(f"{quoted(name)} is not one of the {len(self.names)} classes.")
        return index

    def find(self, name: str) -> int | None:
        """The class of a name, present names before former ones; None for a name that is none."""
        present = self._present(name)
        return self._former(name) if present is None else present

    def name(self, index: int) -> str:
        """The present name of an index."""
        return self.names[index]

    def predicted(self, version: str, index: int) -> int:
        """The class that an index means which a model predicted."""
        return translate(self.translations, version, index)

    def resolved(self, names: Sequence[str]) -> tuple[Self, tuple[int, ...]]:
        """A model's classes: this list, grown by those that it does not know, and the index of each.

        Present names go before former ones, so that two of a model's classes never share an index. Raises Malformed
        for a new name that cannot be one, or comes twice.
        """
        present = [self._present(name) for name in names]
        taken = [index for index in present if index is not None]
        if len(taken) != len(set(taken)):
            check_names(names)
        indices, new = list[int](), list[str]()
        for name, now in zip(names, present, strict=True):
            known = self._former(name) if now is None else now
            if known is None or (now is None and known in (*taken, *indices)):
                known = len(self.names) + len(new)
                new.append(name)
            indices.append(known)
        check_names(new, among=self.names)
        if len(self.names) + len(new) > MOST_INDICES:
            raise Malformed(f"a store has at most {MOST_INDICES} classes")
        grown = replace(self, names=(*self.names, *new), former=(*self.former, *(() for _ in new)))
        return grown, tuple(indices)

    def fits(self, names: Sequence[str]) -> bool:
        """Whether each of a model's classes has, or had, its own place in this list."""
        given = zip(names, self.names, self.former, strict=False)
        return len(names) <= len(self.names) and all(same_form(name, own, *former) for name, own, former in given)

    def merged(self, other: Self) -> Self | None:
        """Both lists as one, where one begins with the other: names of this one first. None where they disagree."""
        shared = min(len(self.names), len(other.names))
        long, short = (self, other) if len(self.names) > shared else (other, self)
        for index, (one, two) in enumerate(zip(self.names, other.names, strict=False)):
            indices = {self.find(two), other.find(one)}
            if index not in indices or indices - {index, None}:
                return None
        if any(short.find(name) is not None for name in long.names[shared:]):
            return None
        both = zip(self.former, other.names, other.former, self.names, strict=False)
        former = tuple(_without((*mine, name, *theirs), own) for mine, name, theirs, own in both)
        names = (*self.names[:shared], *long.names[shared:])
        return type(self)(names, (*former, *long.former[shared:]), self.retired | other.retired)

    def renamed(self, old: str, new: str) -> Self:
        """The same list with another name for one index. Raises Malformed when `old` is unknown or `new` cannot be."""
        index = self._known(old, "renamed")
        check_names([new], among=(*self.names[:index], *self.names[index + 1 :]))
        names = (*self.names[:index], new, *self.names[index + 1 :])
        former = _without((*self.former[index], self.names[index]), new)
        return replace(self, names=names, former=(*self.former[:index], former, *self.former[index + 1 :]))

    def without_choice(self, name: str) -> Self:
        """The same list with a retired class. Raises Malformed when it is unknown."""
        return replace(self, retired=self.retired | {self._known(name, "retired")})

    def with_choice(self, name: str) -> Self:
        """The same list with a class that was retired. Raises Malformed when it is unknown."""
        return replace(self, retired=self.retired - {self._known(name, "restored")})

    def _known(self, name: str, verb: str) -> int:
        if (index := self._present(name)) is None:
            before = self._former(name)
            now = "" if before is None else f", {quoted(self.names[before])} was called so before"
            raise Malformed(f"{quoted(name)} cannot be {verb}: it is not one of the classes{now}")
        return index

    def _present(self, name: str) -> int | None:
        if name in self.names:  # an older list may hold both forms of a name
            return self.names.index(name)
        return next((index for index, own in enumerate(self.names) if same_form(name, own)), None)

    def _former(self, name: str) -> int | None:
        return next((index for index, former in enumerate(self.former) if same_form(name, *former)), None)


def translate(translations: Translations, version: str, index: int) -> int:
    """The class of the store's list that an index means which this version of a model predicted."""
    indices = translations.get(version, ())
    return indices[index] if index < len(indices) else index


def _without(names: Sequence[str], one: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name != one))
