import re

import pytest

from tests.structure.repository import ROOT, text, tracked

PAGES = tracked("*.md")
PROMISED = ["README", "ARCHITECTURE", "CHANGELOG", "CONTRIBUTING", "SECURITY"]


@pytest.mark.parametrize("name", PROMISED)
def test_a_page_that_newcomers_look_for_is_there(name):
    assert text(f"{name}.md").startswith("# ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_action_of_the_makefile_says_what_it_does():
    makefile = text("Makefile")
    actions = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()
    assert [action for action in actions if not re.search(rf"^{action}:.*## \w", makefile, re.MULTILINE)] == []


def test_no_file_of_ours_is_longer_than_three_hundred_lines():
    ours = [path for path in tracked("feedloop", "functions", "local", "training") if path.suffix == ".py"]
    assert [path.name for path in ours if len(path.read_text().splitlines()) > 300] == []
