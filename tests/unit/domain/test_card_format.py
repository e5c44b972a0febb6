"""The card's public format: schema, page and code say the same."""

import json
import re
from dataclasses import fields

import pytest

from feedloop.domain import cards
from feedloop.domain.cards import OutputSpec, Preprocessing
from tests.structure.repository import ROOT

SCHEMA = json.loads((ROOT / "feedloop" / "domain" / "model-card.schema.json").read_text())
PAGE = (ROOT / "docs" / "model-card.md").read_text()
INPUT, OUTPUT = (SCHEMA["properties"][part]["properties"] for part in ("input", "output"))


def explained(heading=None):
    """The keys in the first cells of a section's tables; of all but `input` and `output` without one."""
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    chosen = [one for one in sections if (heading is None and one[0] != "`") or (heading and one.startswith(heading))]
    rows = [line.split("|")[1] for section in chosen for line in section.splitlines() if line.startswith("| `")]
    return {key for cell in rows for key in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize(
    ("known", "heading"), [(SCHEMA["properties"], None), (INPUT, "`input`"), (OUTPUT, "`output`")], ids=str
)
def test_the_page_explains_every_key(known, heading):
    assert explained(heading) == set(known)


def test_the_code_follows_every_key_of_input_and_output():
    assert {field.name for field in fields(Preprocessing)} == set(INPUT)
    assert {field.name for field in fields(OutputSpec)} == set(OUTPUT)


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        (INPUT["interpolation"], cards.INTERPOLATIONS),
        (INPUT["resize"], (cards.STRETCH, cards.SHORTER_SIDE)),
        (INPUT["layout"], (cards.NCHW, cards.NHWC)),
        (INPUT["channels"], (cards.RGB, cards.BGR, cards.GRAY)),
        (OUTPUT["kind"], cards.KINDS),
        (SCHEMA["properties"]["format"], tuple(cards.FILES)),
    ],
)
def test_the_schema_allows_what_the_code_understands(schema, values):
    assert tuple(schema["enum"]) == values


def test_the_example_of_the_page_is_understood():
    (example,) = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    spec = cards.ModelSpec.from_card(example)
    assert (spec.classes, spec.input.resize_size, spec.output.kind) == (3, 256, "logits")
