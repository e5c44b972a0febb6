import json
from datetime import UTC, datetime

from feedloop import log
from feedloop.domain.clock import parse_iso


def test_an_event_is_one_line_whatever_its_facts(capsys):
    log.event("curate.failed", key="a\nb", why=ValueError("é"), when=datetime(2026, 11, 22, tzinfo=UTC))
    (line,) = capsys.readouterr().out.splitlines()
    facts = json.loads(line)
    assert (facts["event"], facts["key"]) == ("curate.failed", "a\nb")
    assert parse_iso(facts["at"]).tzinfo is UTC
