"""What an annotator sees beside a picture: the present classes, each with a key to press.

Of a config that a person has made more of, only our question is kept up to date: `<Choices name="choice">`. A name
that an answer still has, although no class is called so any more, stays below the others and says so: Label Studio
would show that answer as none.
"""

import re
from collections.abc import Collection, Mapping
from itertools import zip_longest
from xml.etree.ElementTree import Element, ParseError, SubElement, TreeBuilder, XMLParser, fromstring, indent, tostring

from feedloop.domain.class_names import CANNOT_TELL, NONE_OF_THESE
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import Malformed, UnknownClass
from feedloop.domain.review import CHOICES, IMAGE

Facts = dict[str, str]
NONE_KEY, CANNOT_KEY = "n", "c"
CLASS_KEYS = "1234567890adfgijlqstxyz"
"""In the order of the classes, without Label Studio's own keys and the two above. The rest it deals out itself."""

_MANY = 15
_STYLE = ".row{display:flex;gap:16px}.picture{flex:2}.answers{flex:1;max-height:85vh;overflow:auto}"
_VARIABLE = re.compile(r"\$(?=[\w\[\].{}])")
_KEPT_APART = "$\u2060"
"""A word joiner, which nobody sees: Label Studio puts a task's data in the place of a dollar and a name."""
_NAMES = {"value", "alias"}
_ONE = {"toName": IMAGE, "choice": "single-radio", "required": "true"}


def label_config(classes: ClassList) -> str:
    """The label config of a class list. Raises Malformed when a class has the name of an answer that is none."""
    view = _view(classes)
    indent(view)
    return tostring(view, encoding="unicode")


def completed(config: str, classes: ClassList) -> str:
    """A project's config with our question and the picture, below what is there where they were taken out.

    The same text when it has both. Raises Malformed as `label_config` does.
    """
    view = _parsed(config)
    if view is None:
        return label_config(classes)
    pictured = view.find(f".//Image[@name='{IMAGE}']") is not None
    if _question(view) is None:
        view.extend(_view(classes, pictured=pictured))
    elif pictured:
        return config
    else:
        _add_picture(view)
    indent(view)
    return tostring(view, encoding="unicode")


def updated(config: str, classes: ClassList, in_use: Collection[str] = ()) -> str:
    """A project's config with the answers of this class list, and the rest of it as it is.

    The same text when nothing is to change. Names `in_use` stay, also those that no class has any more. Raises
    Malformed when our question is not in the config, and as `label_config` does.
    """
    view = _parsed(config)
    question = None if view is None else _question(view)
    if view is None or question is None:
        raise Malformed(f'its label config has no <Choices name="{CHOICES}">')
    before = _elements(view)
    question.attrib.update(_ONE)
    question[:] = _answers(classes, question, in_use)
    _make_findable(view, question)
    if _elements(view) == before:
        return config
    indent(view)
    return tostring(view, encoding="unicode")


def past_names(config: str, classes: ClassList) -> set[str]:
    """Names that nobody is to choose any more, of classes or only in the config."""
    names = {name for names in (classes.names, *classes.former, choices(config)) for name in names}
    return names - {*classes.choices, NONE_OF_THESE, CANNOT_TELL}


def choices(config: str) -> list[str]:
    """What an annotation can say in answer to our question."""
    view = _parsed(config)
    question = None if view is None else _question(view)
    return [] if question is None else [_chosen(choice) for choice in question.iter("Choice")]


def _parsed(config: str) -> Element | None:
    try:
        return fromstring(config, XMLParser(target=TreeBuilder(insert_comments=True)))  # noqa: S314 - Expat bounds entities
    except ParseError:
        return None


def _question(view: Element) -> Element | None:
    return view.find(f".//Choices[@name='{CHOICES}']")


def _elements(view: Element) -> list[tuple[str, dict[str, str]]]:
    """What it consists of, without the space in between."""
    return [(str(element.tag), dict(element.attrib)) for element in view.iter()]


def _view(classes: ClassList, *, pictured: bool = False) -> Element:
    """A config of ours; without the picture, where it is there already."""
    view = Element("View")
    SubElement(view, "Style").text = _STYLE
    row = SubElement(view, "View", className="row")
    if not pictured:
        _add_picture(SubElement(row, "View", className="picture"))
    side = SubElement(row, "View", className="answers")
    SubElement(side, "Header", value="What is in the picture?")
    question = SubElement(side, "Choices", {"name": CHOICES, **_ONE, "requiredMessage": "Choose one answer"})
    question.extend(_answers(classes, question))
    _make_findable(side, question)
    return view


def _add_picture(side: Element) -> None:
    SubElement(side, "Image", name=IMAGE, value=f"${IMAGE}", zoom="true", maxWidth="640px")


def _answers(classes: ClassList, question: Element, in_use: Collection[str] = ()) -> list[Element]:
    """A choice for each class and the two that are none; what somebody added to a choice stays with its class."""
    if taken := {NONE_OF_THESE, CANNOT_TELL} & {*classes.names}:
        raise Malformed(f"A class cannot be called {taken.pop()!r}, that is an answer of its own: rename the class.")
    there = {_chosen(choice): choice.attrib for choice in question.iter("Choice")}
    no_class = {NONE_OF_THESE: NONE_KEY, CANNOT_TELL: CANNOT_KEY}
    wanted = dict(zip_longest(classes.choices, CLASS_KEYS[: len(classes.choices)])) | no_class
    own = _facts_of_classes(there, {*wanted}, classes)
    used = {facts["hotkey"] for facts in own.values() if "hotkey" in facts}
    dealt = {name: {"hotkey": key} if key and key not in used else {} for name, key in wanted.items()}
    answers = [Element("Choice", {**_named(name), **own.get(name, dealt[name])}) for name in wanted]
    past = sorted((_index(name, classes), name) for name in {*in_use} - wanted.keys())
    kept = [
        _named(name, f"{name} (retired)" if classes.name(index) == name else f"{classes.name(index)} (was {name})")
        for index, name in past
        if index >= 0
    ]
    others = [there[name] for index, name in past if index < 0 and name in there]  # somebody else's
    return [*answers, *(Element("Choice", facts) for facts in (*kept, *others))]


def _facts_of_classes(there: Mapping[str, Facts], wanted: set[str], classes: ClassList) -> dict[str, Facts]:
    """What the choices that are there say besides their names, by the name that each is to have."""
    own = {name: facts for name, facts in there.items() if name in wanted}
    for name in there:
        index = -1 if name in wanted else _index(name, classes)
        if index >= 0:
            own.setdefault(classes.name(index), there[name])
    return {name: {fact: value for fact, value in facts.items() if fact not in _NAMES} for name, facts in own.items()}


def _index(name: str, classes: ClassList) -> int:
    """The class that has or had a name; -1 for no class's."""
    try:
        return classes.index(name)
    except UnknownClass:
        return -1


def _chosen(choice: Element) -> str:
    """What an annotation says that chooses this."""
    return choice.get("alias") or choice.get("value") or ""


def _named(name: str, text: str = "") -> dict[str, str]:
    """What is shown, and what an annotation says where that is another text."""
    displayed = _VARIABLE.sub(_KEPT_APART, text or name)
    return {"value": name} if displayed == name else {"value": displayed, "alias": name}


def _make_findable(view: Element, question: Element) -> None:
    """Many answers get a field to look for one, above them."""
    if len(question) - 2 > _MANY and view.find(f".//Filter[@toName='{CHOICES}']") is None:
        side = next(parent for parent in view.iter() if question in list(parent))
        finder = {"name": "find", "toName": CHOICES, "hotkey": "shift+f", "minlength": "0", "placeholder": "Find"}
        side.insert(list(side).index(question), Element("Filter", finder))
