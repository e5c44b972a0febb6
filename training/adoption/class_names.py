"""Class names of a foreign model by index: a list, lines, JSON, or a mapping in either direction.

What cannot be trusted is refused: an index without a name, numbers in place of names, a list of another length.
"""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from feedloop.domain.class_names import check_names, parse_names
from feedloop.domain.errors import BadRequest, Malformed

LONGEST_LITERAL = 1_000_000
"""Characters of a list inside a model file; parsing more could take long."""

_LISTS = ("id2label", "label2id", "label_names", "class_names", "classes", "labels", "names")
"""Keys under which a config has the names."""

_SYNSET = re.compile(r"n\d{8}")
_QUOTED = re.compile(r"""(["'])(.+)\1,?""")
_WITH_SYNSET = re.compile(r"n\d{8}[\s,]+(\S.*)")
_LISTED = re.compile(r"-\s+(\S.*)")
_NUMBERED = re.compile(r"(\d+)[\s:,;=]+(\S.*)")
_PARTS = re.compile(r"(\d+)")
_PLACEHOLDER = re.compile(r"(label|class)?[ _-]?\d+", re.IGNORECASE)


def parse_option(text: str) -> tuple[str, ...]:
    """The names that `--classes` gives: of a file, a folder of pictures, or a list with commas. Raises BadRequest."""
    path = Path(text)
    try:
        if path.is_dir():  # as torch's ImageFolder has them
            return _checked(sorted(one.name for one in path.iterdir() if one.is_dir() and one.name[0] != "."), text)
        is_file = "," not in text or path.is_file()
    except (OSError, ValueError):  # longer than a file's name can be, or with a sign that none has
        is_file = False
    if is_file:
        return load_file(path)
    return _checked([name.strip() for name in text.split(",")], "--classes")


def load_file(file: Path) -> tuple[str, ...]:
    """One name a line ("0 name" too), a list of JSON or Python, or an object of index and name. Raises BadRequest."""
    try:
        body = file.read_bytes()
    except OSError as error:
        raise BadRequest(
            f"--classes: {file} cannot be opened: {error.strerror}. Give a file, or names with commas: A,B,C."
        ) from error
    if body.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] in {b"[", b"{"}:
        return parse_literal(body.decode(json.detect_encoding(body), "replace"), str(file))
    try:
        return _checked(_plain_names(parse_names(body)), str(file))
    except Malformed as error:
        raise BadRequest(f"{file}: {error}.") from error


def parse_literal(text: str, origin: str) -> tuple[str, ...]:
    """Names in a text that a file carries: JSON, or a literal of Python, which is never run. Raises BadRequest."""
    if len(text) > LONGEST_LITERAL:
        raise BadRequest(f"{origin} has {len(text)} characters, more than any list of classes.")
    for parse in (json.loads, ast.literal_eval):
        try:
            content = parse(text.lstrip("\ufeff"))
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        return from_json(content, origin)
    raise BadRequest(f"{origin} is no list of class names: it is neither JSON nor a list of Python.")


def from_json(content: object, origin: str) -> tuple[str, ...]:
    """Names of a list, of {index: name}, of {name: index}, or of an object that has one of these. Raises BadRequest."""
    if isinstance(content, Mapping):
        if inside := next((content[key] for key in _LISTS if isinstance(content.get(key), Mapping | list)), None):
            return from_json(inside, f"{origin}'s list")
        return _checked(_by_index(content, origin), origin)
    if isinstance(content, Sequence) and not isinstance(content, str):
        return _checked(content, origin)
    raise BadRequest(f"{origin} holds neither a list of class names nor {{index: name}}.")


def naming_warning(names: Sequence[str]) -> str:
    """That names are numbers, or WordNet's; empty where they are not."""
    if not are_placeholders(names) and not all(_SYNSET.fullmatch(name) for name in names):
        return ""
    return (
        f"The classes are called {names[0]}, {names[1]}, …, by which nobody knows what to answer: visitors and"
        " annotators get to see these names. Give others with --classes if the model has any."
    )


def are_placeholders(names: Sequence[str]) -> bool:
    """Whether a tool made them up: LABEL_0, class_1, 2."""
    return all(_PLACEHOLDER.fullmatch(name) for name in names)


def order_warning(names: Sequence[str]) -> str:
    """What to check where sorting as text and as numbers differ; empty where they agree, or neither was used."""

    def as_number(name: str) -> list[tuple[int, str]]:
        return [(int(part), "") if part.isdecimal() else (-1, part) for part in _PARTS.split(name)]

    as_text, as_numbers = sorted(names), sorted(names, key=as_number)
    if as_text == as_numbers or list(names) not in (as_text, as_numbers):
        return ""
    (used, other) = ("text", "numbers") if list(names) == as_text else ("numbers", "text")
    first = next(index for index, name in enumerate(as_text) if name != as_numbers[index])
    return (
        f"The class names are sorted as {used}. Sorted as {other}, class {first} would be another. torch's ImageFolder"
        " sorts as text, with 10 before 2: see the contact sheet, or give labelled --pictures."
    )


def check_count(names: Sequence[str], outputs: int) -> None:
    """Raises BadRequest, with what may be the reason, when a model has more or fewer outputs than names."""
    if outputs == 1:
        raise BadRequest(
            "The model gives one number for a picture, not a score for each class. If it is the chance of one of two"
            " classes (a sigmoid, p), export it with `torch.cat([1 - p, p], 1)`, in Keras `Concatenate()([1 - p, p])`,"
            " as its last step. What estimates a number (a regression) cannot be served."
        )
    if fault := count_fault(names, outputs):
        raise BadRequest(fault)


def count_fault(names: Sequence[str], outputs: int) -> str:
    """That a model has more or fewer outputs than names, and what may be the reason; empty where it has not."""
    if len(names) == outputs:
        return ""
    hint = "give the list that it was trained with"
    if outputs == len(names) + 1:
        hint = "TensorFlow's models often begin with a background class: if yours does, name it first in --classes"
    return f"The model has {outputs} outputs, and {len(names)} classes are named: {hint}."


def _by_index(content: Mapping[Any, Any], origin: str) -> list[Any]:
    """A mapping's names in the order of their numbers, not of their texts: "10" comes after "2"."""
    try:
        named = {int(index): name for index, name in content.items()}
    except (TypeError, ValueError):
        try:
            named = {int(index): name for name, index in content.items()}
        except (TypeError, ValueError) as error:
            raise BadRequest(f"{origin} maps neither indices to names nor names to indices.") from error
    if len(named) != len(content) or sorted(named) != list(range(len(named))):
        raise BadRequest(f"{origin} does not name each index from 0 on exactly once: say --classes.")
    ordered = [named[index] for index in range(len(named))]
    pairs = [one for one in ordered if isinstance(one, list | tuple) and len(one) == 2]  # noqa: PLR2004
    if len(pairs) == len(ordered) and all(_SYNSET.fullmatch(str(synset)) for synset, _ in pairs):
        return [name for _, name in pairs]  # Keras's imagenet_class_index.json
    return ordered


def _plain_names(lines: Sequence[str]) -> list[str]:
    """Lines without what stands around the names in all of them: quotes, numbers, synset ids, the dashes of YAML."""
    if len(lines) > 1 and re.fullmatch(r"\w+:", lines[0]):
        return _plain_names(lines[1:])
    if len(lines) == 1 and "," in lines[0]:
        lines = [name.strip() for name in lines[0].split(",") if name.strip()]
    for pattern in (_LISTED, _QUOTED, _WITH_SYNSET):
        matches = [pattern.fullmatch(line) for line in lines]
        if all(matches):
            lines = [match[pattern.groups] for match in matches if match]
    return _without_numbers(lines)


def _without_numbers(lines: Sequence[str]) -> list[str]:
    """Lines such as "0 Egg" without their numbers, in the order of these."""
    matches = [_NUMBERED.fullmatch(line) for line in lines]
    numbered = {int(match[1]): match[2] for match in matches if match}
    first = min(numbered, default=0)
    if len(numbered) != len(lines) or first > 1 or sorted(numbered) != list(range(first, first + len(lines))):
        return list(lines)
    return [numbered[number] for number in sorted(numbered)]


def _checked(given: Sequence[Any], origin: str) -> tuple[str, ...]:
    names = [name.strip() if isinstance(name, str) else name for name in given]
    try:
        check_names(names)
    except Malformed as error:
        raise BadRequest(f"{origin}: {error}. Say --classes with names that differ.") from error
    if len(names) < 2:  # noqa: PLR2004 - what two answers tell apart, one does not
        raise BadRequest(f"{origin} names {len(names)} classes: a classifier has at least two.")
    return tuple(names)
