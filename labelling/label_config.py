"""What an annotator sees beside a picture: the present classes, each with a key to press.

Of a config that a person has made more of, only our question is kept up to date: `<Choices name="choice">`.
"""

import re
from itertools import zip_longest
from xml.etree.ElementTree import Element, ParseError, SubElement, TreeBuilder, XMLParser, fromstring, indent, tostring

from feedloop.domain.classes import CANNOT_TELL, NONE_OF_THESE, ClassList
from feedloop.domain.errors import Malformed, UnknownClass
from feedloop.domain.review import CHOICES, IMAGE

NONE_KEY, CANNOT_KEY = "n", "c"
CLASS_KEYS = "1234567890adfgijlqstxyz"
"""In the order of the classes, without Label Studio's own keys and the two above. The rest it deals out itself."""

_MANY = 15
_STYLE = ".row{display:flex;gap:16px}.picture{flex:2}.answers{flex:1;max-height:85vh;overflow:auto}"
_VARIABLE = re.compile(r"\$(?=[\w\[\].{}])")
_KEPT_APART = "$\u2060"
"""A word joiner, which nobody sees: Label Studio puts a task's data in the place of a dollar and a name."""
_ONE = {"toName": IMAGE, "choice": "single-radio", "required": "true"}


def label_config(classes: ClassList) -> str:
    """The label config of a class list. Raises Malformed when a class has the name of an answer that is none."""
    view = _view(classes)
    indent(view)
    return tostring(view, encoding="unicode")


def updated(config: str, classes: ClassList) -> str:
    """A project's config with the answers of this class list, and the rest of it as it is.

    The same text when nothing is to change. Where our question or the picture is gone it comes back, below what is
    there. Raises Malformed as `label_config` does.
    """
    try:
        view = fromstring(config, XMLParser(target=TreeBuilder(insert_comments=True)))  # noqa: S314 - Expat bounds entities
    except ParseError:
        return label_config(classes)
    before = _elements(view)
    question, pictured = (
        view.find(f".//Choices[@name='{CHOICES}']"),
        view.find(f".//Image[@name='{IMAGE}']") is not None,
    )
    if question is None:
        view.extend(_view(classes, pictured=pictured))
    else:
        question.attrib.update(_ONE)
        question[:] = _answers(classes, question)
        _make_findable(view, question)
        if not pictured:
            _add_picture(view)
    if _elements(view) == before:
        return config
    indent(view)
    return tostring(view, encoding="unicode")


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


def _answers(classes: ClassList, question: Element) -> list[Element]:
    """A choice for each class and the two that are none; what somebody added to a choice stays with its class."""
    if taken := {NONE_OF_THESE, CANNOT_TELL} & {*classes.names}:
        raise Malformed(f"A class cannot be called {taken.pop()!r}, that is an answer of its own: rename the class.")
    there = {_meant(choice, classes): choice.attrib for choice in question.iter("Choice")}
    wanted = [*zip_longest(range(len(classes.names)), classes.names, CLASS_KEYS[: len(classes.names)])]
    wanted += [(NONE_OF_THESE, NONE_OF_THESE, NONE_KEY), (CANNOT_TELL, CANNOT_TELL, CANNOT_KEY)]
    used = {choice["hotkey"] for choice in there.values() if "hotkey" in choice}
    answers = []
    for meant, name, key in wanted:
        own = there.get(meant, {"hotkey": key} if key and key not in used else {})
        others = {fact: value for fact, value in own.items() if fact not in {"value", "alias"}}
        answers.append(Element("Choice", {**_named(name), **others}))
    return answers


def _meant(choice: Element, classes: ClassList) -> int | str | None:
    """The class of a choice that is there, by any name that it had, or the answer that is none."""
    name = choice.get("alias") or choice.get("value") or ""
    try:
        return name if name in {NONE_OF_THESE, CANNOT_TELL} else classes.index(name)
    except UnknownClass:
        return None


def _named(name: str) -> dict[str, str]:
    """What is shown, and what an annotation says where that is another text."""
    displayed = _VARIABLE.sub(_KEPT_APART, name)
    return {"value": name} if displayed == name else {"value": displayed, "alias": name}


def _make_findable(view: Element, question: Element) -> None:
    """Many answers get a field to look for one, above them."""
    if len(question) - 2 > _MANY and view.find(f".//Filter[@toName='{CHOICES}']") is None:
        side = next(parent for parent in view.iter() if question in list(parent))
        finder = {"name": "find", "toName": CHOICES, "hotkey": "shift+f", "minlength": "0", "placeholder": "Find"}
        side.insert(list(side).index(question), Element("Filter", finder))
