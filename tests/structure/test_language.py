"""How many words there are for one thing, and how far it is to an answer: figures that only fall."""

import pytest

from scripts import language_figures

CEILINGS = {
    "class names of several meanings": 27,
    "functions called `read`": 22,
    "public names in more than three modules": 9,
    "private functions of one statement with one caller": 90,
    "`found` bound": 131,
    "private words in identifiers": 524,
    "rooms of a report question": 36,
    "files of functions/report/": 18,
    "floors of functions/report/": 8,
    "files of feedloop/estimation/": 18,
    "floors of feedloop/estimation/": 8,
    "files of feedloop/evidence/": 3,
    "floors of feedloop/evidence/": 3,
    "files of training's largest folder": 11,
    "floors of training's highest folder": 5,
    "rules in several files": 8,
    "equal runs": 7,
}
"""Whoever lowers a figure may lower its ceiling; nobody raises one."""

TOY = {
    "feedloop/http.py": "class Answer: ...\ndef read(place): return _found(place)\ndef _found(it): return it",
    "feedloop/ports.py": "import feedloop.http\nAnswer = dict[str, int]",
    "functions/report/handler.py": "from . import told\nfrom feedloop.ports import Answer",
    "functions/report/told.py": "from feedloop.adapters import desk\nfound = [found for found in desk.Told]",
    "feedloop/adapters/__init__.py": '"""Vendors."""',
    "feedloop/adapters/desk.py": "class Told:\n    def wilson(self): ...",
    "feedloop/estimation/intervals.py": "def wilson(): ...",
    "web/modules/story.js": "",
}
COUNTED = {
    "class names of several meanings": 1,
    "functions called `read`": 1,
    "private functions of one statement with one caller": 1,
    "`found` bound": 2,
    "private words in identifiers": 8,
    "rooms of a report question": 2,
    "files of functions/report/": 2,
    "floors of functions/report/": 2,
    "rules in several files": 1,
}


@pytest.fixture(scope="module")
def figures():
    return {figure.name: figure for figure in language_figures.figures()}


def test_every_figure_has_a_ceiling(figures):
    assert figures.keys() == CEILINGS.keys()


@pytest.mark.parametrize("name", CEILINGS)
def test_a_figure_only_falls(figures, name):
    assert figures[name].value <= CEILINGS[name], f"\n{figures[name]}"


def test_what_is_counted(tmp_path):
    for path, text in TOY.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = {figure.name: figure.value for figure in language_figures.figures(tmp_path)}
    assert {name: found[name] for name in COUNTED} == COUNTED
