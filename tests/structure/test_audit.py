"""`make audit` says what it found, and never calls silence good news."""

from scripts.audit import ACCEPTED, Audit, pins
from tests.structure.repository import REQUIREMENTS

FOUND = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["2.1"], "description": "Words."}


def result(*packages):
    """What is made of a report in pip-audit's form."""
    found = Audit()
    found.add({"dependencies": list(packages), "fixes": []})
    return found


def test_a_weakness_is_told_with_what_mends_it():
    told = result({"name": "flask", "version": "2.0", "vulns": [FOUND]}).weak
    assert told == ["flask 2.0: PYSEC-2026-1, mended in 2.1"]


def test_an_accepted_weakness_is_known_by_any_of_its_names(monkeypatch):
    monkeypatch.setitem(ACCEPTED, "CVE-2026-1", "We never call it.")
    assert result({"name": "flask", "version": "2.0", "vulns": [FOUND]}).weak == []


def test_what_the_index_did_not_tell_counts_as_not_asked():
    found = result({"name": "flask", "skip_reason": "not found"}, {"name": "click", "version": "8", "vulns": []})
    assert (found.weak, found.not_audited) == ([], ["flask"])


def test_two_versions_of_a_package_are_both_asked_about():
    assert pins(["numpy==2.4\nflask==3 ; x", "numpy==2.2\nflask==3"]) == [
        [("flask", "3"), ("numpy", "2.2")],
        [("numpy", "2.4")],
    ]


def test_every_set_is_asked_about():
    asked = {pin for some in pins(path.read_text() for path in REQUIREMENTS) for pin in some}
    assert len(asked) > 200
