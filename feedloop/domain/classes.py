"""The append-only list of classes: an index never changes its meaning, a rename keeps it.

Two names are the same when Unicode calls them canonically equivalent (UAX #15): a letter with its accent in one sign
or in two. Each stays as it was given.
"""

import codecs
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self
from unicodedata import category, normalize
from urllib.parse import quote

from feedloop.domain.documents import Document
from feedloop.domain.errors import Malformed, UnknownClass

NONE_OF_THESE, CANNOT_TELL = "None of these", "Can't tell"
"""Choices that an annotator has besides the classes."""

LONGEST_CLASS = 400
"""Of a name: percent-encoded characters, as it stands in a prediction's record."""

_QUOTED = 40
"""How much of an unknown name a refusal repeats."""
_BREAKING = {"Cc", "Cs", "Zl", "Zp"}
_UNSEEN = {*_BREAKING, "Cf", "Zs"}
_NOT_IN_XML = "\ufffe\uffff"
_MARKED = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings that a text file says by its first bytes; the longer mark before the one that it begins with."""


@dataclass(frozen=True, slots=True)
class ClassList:
    """Class names by index, with the names each had before."""

    names: tuple[str, ...]
    former: tuple[tuple[str, ...], ...]

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
        except (KeyError, TypeError) as error:
            raise Malformed(f"not a class list: {error!r}") from error
        return cls(tuple(name for name, _ in entries), tuple(former for _, former in entries))

    def to_document(self) -> Document:
        """`classes.json`."""
        entries = zip(self.names, self.former, strict=True)
        return {"v": 1, "classes": [{"name": name, "former": list(former)} for name, former in entries]}

    def index(self, name: str) -> int:
        """The class of a name, present names before former ones. Raises UnknownClass."""
        for form in (str, _form):  # an older list may hold both forms of a name
            wanted, present = form(name), [form(name) for name in self.names]
            if wanted in present:
                return present.index(wanted)
            for index, former in enumerate(self.former):
                if wanted in map(form, former):
                    return index
        raise UnknownClass(f"{_quoted(name)} is not one of the {len(self.names)} classes.")

    def name(self, index: int) -> str:
        """The present name of an index."""
        return self.names[index]

    def appended(self, names: Sequence[str]) -> Self:
        """This list followed by new names. Raises Malformed when `names` does not begin with it, or for a bad name."""
        known, new = names[: len(self.names)], tuple(names[len(self.names) :])
        if [*map(_form, known)] != [*map(_form, self.names)]:
            raise Malformed("the class list is append-only: rename a class explicitly, never move one")
        check_names(new, among=self.names)
        return type(self)((*self.names, *new), (*self.former, *(() for _ in new)))

    def renamed(self, old: str, new: str) -> Self:
        """The same list with another name for one index. Raises Malformed when `old` is unknown or `new` cannot be."""
        if _form(old) not in map(_form, self.names):
            raise Malformed(f"{_quoted(old)} cannot be renamed: it is not one of the classes")
        index = self.index(old)
        others = (*self.names[:index], *self.names[index + 1 :])
        check_names([new], among=others)
        names = (*self.names[:index], new, *self.names[index + 1 :])
        former = tuple(past for past in (*self.former[index], self.names[index]) if past != new)
        return type(self)(names, (*self.former[:index], former, *self.former[index + 1 :]))


def check_names(names: Iterable[object], *, among: Iterable[str] = ()) -> None:
    """Raises Malformed, with the name and the reason, for one that cannot be a class's, or is taken."""
    taken = {_form(name) for name in among}
    for name in names:
        if not isinstance(name, str):
            raise Malformed(f"a class's name is text, not {_quoted(str(name))}")
        if fault := _fault(name):
            raise Malformed(f"{_quoted(name)} cannot be the name of a class: {fault}")
        if _form(name) in taken:
            raise Malformed(f"a class is named twice: {_quoted(name)}")
        taken.add(_form(name))


def parse_names(body: bytes) -> tuple[str, ...]:
    """The names in a text file, one a line, without blanks around them and blank lines.

    The text is UTF-8, or says by its first bytes that it is UTF-16 or UTF-32. Raises Malformed with the reason.
    """
    encoding = next((name for mark, name in _MARKED.items() if body.startswith(mark)), "utf-8")
    try:
        text = body.decode(encoding)
    except UnicodeError as error:
        raise Malformed(f"it is no {encoding.removesuffix('-sig').upper()} text: save it as UTF-8") from error
    if "\0" in text:
        raise Malformed("it is no UTF-8 text: save it as UTF-8")
    names = tuple(line.strip() for line in re.split(r"\r\n|\r|\n", text) if line.strip())
    check_names(names)
    return names


def same_name(one: str, other: str) -> bool:
    """Whether two texts are one name."""
    return _form(one) == _form(other)


def _fault(name: str) -> str:
    """What keeps a text from being a name; empty when nothing does."""
    if all(category(sign) in _UNSEEN for sign in name):
        return "nothing can be seen of it"
    if name.strip() != name:
        return "it has blanks around it"
    if bad := [sign for sign in name if category(sign) in _BREAKING or sign in _NOT_IN_XML]:
        return f"it holds a line break or another sign that is no text (U+{ord(bad[0]):04X})"
    if len(quote(name, safe="")) > LONGEST_CLASS:
        return f"it is too long: at most {LONGEST_CLASS} ASCII letters, fewer of other signs"
    if _form(name).casefold() in {NONE_OF_THESE.casefold(), CANNOT_TELL.casefold()}:
        return "that is an answer of its own, choose another"
    return ""


def _form(name: str) -> str:
    """Alike for the same name."""
    return normalize("NFC", name)


def _quoted(name: str) -> str:
    return repr(name if len(name) <= _QUOTED else f"{name[:_QUOTED]}…")
