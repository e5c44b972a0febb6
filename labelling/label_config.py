"""What an annotator sees beside a picture: the present classes, each with a key to press."""

from itertools import zip_longest
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from feedloop.domain.annotations import CANNOT_TELL, NONE_OF_THESE
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import Malformed
from feedloop.domain.review import CHOICES, IMAGE

NONE_KEY, CANNOT_KEY = "n", "c"
CLASS_KEYS = "1234567890adfgijlqstxyz"
"""In the order of the classes, without Label Studio's own keys and the two above. The rest it deals out itself."""

_MANY = 15
_STYLE = ".row{display:flex;gap:16px}.picture{flex:2}.answers{flex:1;max-height:85vh;overflow:auto}"


def label_config(classes: ClassList) -> str:
    """The label config of a class list. Raises Malformed when a class has the name of an answer that is none."""
    if taken := {NONE_OF_THESE, CANNOT_TELL} & {*classes.names}:
        raise Malformed(f"A class cannot be called {taken.pop()!r}, that is an answer of its own: rename the class.")
    view = Element("View")
    SubElement(view, "Style").text = _STYLE
    row = SubElement(view, "View", className="row")
    _add_picture(SubElement(row, "View", className="picture"))
    _add_answers(SubElement(row, "View", className="answers"), classes.names)
    indent(view)
    return tostring(view, encoding="unicode")


def _add_picture(side: Element) -> None:
    SubElement(side, "Image", name=IMAGE, value=f"${IMAGE}", zoom="true", maxWidth="640px")


def _add_answers(side: Element, names: tuple[str, ...]) -> None:
    SubElement(side, "Header", value="What is in the picture?")
    if len(names) > _MANY:
        SubElement(side, "Filter", name="find", toName=CHOICES, hotkey="shift+f", minlength="0", placeholder="Find")
    only_one = {"choice": "single-radio", "required": "true", "requiredMessage": "Choose one answer"}
    choices = SubElement(side, "Choices", {"name": CHOICES, "toName": IMAGE, **only_one})
    for name, key in zip_longest(names, CLASS_KEYS[: len(names)]):
        SubElement(choices, "Choice", {"value": name} | ({"hotkey": key} if key else {}))
    SubElement(choices, "Choice", value=NONE_OF_THESE, hotkey=NONE_KEY)
    SubElement(choices, "Choice", value=CANNOT_TELL, hotkey=CANNOT_KEY)
