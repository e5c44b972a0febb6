"""What can be the name of a class: the one door that every name comes through, from a card, a file or a rename."""

import codecs
import re
from collections.abc import Iterable
from unicodedata import category, normalize

from feedloop.domain.errors import Malformed

NONE_OF_THESE, CANNOT_TELL = "None of these", "Can't tell"
"""Choices that an annotator has besides the classes."""

RESERVED = (NONE_OF_THESE, CANNOT_TELL, "Can\u2019t tell", "Nichts davon", "Unklar")
"""These choices in the languages that we ship: a class of such a name could not be told from them."""

LONGEST_NAME = 200
"""Characters of a class's name."""

MOST_CLASSES = 1_000
"""Of one model."""

_QUOTED = 40
"""How much of an unknown name a refusal repeats."""
_BREAKING = {"Cc", "Cs", "Zl", "Zp"}
_UNSEEN = {*_BREAKING, "Cf", "Zs"}
_BLANK_OF_FILES = "\ufeff"
"""A blank without width; where it begins a text file, it is that file's mark of its encoding and no part of a name."""
_NOT_IN_XML = "\ufffe\uffff"
_MARKED = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings that a text file says by its first bytes; the longer mark before the one that it begins with."""


def check_names(names: Iterable[object], *, among: Iterable[str] = ()) -> None:
    """Raises Malformed, with the name and the reason, for one that cannot be a class's, or is taken.

    Names that differ in case alone are one name: nobody could tell them apart, nor could some file systems.
    """
    taken = {folded(name): name for name in among}
    for name in names:
        if not isinstance(name, str):
            raise Malformed(f"a class's name is text, not {quoted(str(name))}")
        if fault := _fault(name):
            raise Malformed(f"{quoted(name)} cannot be the name of a class: {fault}")
        if other := taken.get(folded(name)):
            beside = "" if same_form(name, other) else f", beside {quoted(other)}: choose one spelling"
            raise Malformed(f"a class is named twice: {quoted(name)}{beside}")
        taken[folded(name)] = name


def check_model_names(names: object) -> tuple[str, ...]:
    """A model's class names, without blanks around them. Raises Malformed for what is no list of them.

    Whether a name is a good one is only asked of new ones: lists that stores already have stay usable.
    """
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise Malformed("a model's classes are a list of names")
    if len(names) > MOST_CLASSES:
        raise Malformed(f"a model knows at most {MOST_CLASSES} classes, not {len(names)}")
    return tuple(name.strip() for name in names)


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


def same_form(name: str, *others: str) -> bool:
    """Whether a text is one name with any of the others."""
    form = normalize("NFC", name)
    return any(form == normalize("NFC", other) for other in others)


def folded(name: str) -> str:
    """Alike for names that nobody tells apart: Unicode's canonical caseless matching (chapter 3.13, D145)."""
    return normalize("NFC", normalize("NFD", name).casefold())


def quoted(name: str) -> str:
    """A name as a refusal repeats it."""
    return repr(name if len(name) <= _QUOTED else f"{name[:_QUOTED]}…")


def _fault(name: str) -> str:
    """What keeps a text from being a name; empty when nothing does."""
    if all(category(sign) in _UNSEEN for sign in name):
        return "nothing can be seen of it"
    if name.strip() != name or name.strip(_BLANK_OF_FILES) != name:
        return "it has blanks around it"
    if bad := [sign for sign in name if category(sign) in _BREAKING or sign in _NOT_IN_XML]:
        return f"it holds a line break or another sign that is no text (U+{ord(bad[0]):04X})"
    if len(name) > LONGEST_NAME:
        return f"it is too long: at most {LONGEST_NAME} characters"
    if folded(name) in map(folded, RESERVED):
        return "that is an answer of its own, choose another"
    return ""
