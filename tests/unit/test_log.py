import io
import json
import os
import sys
from datetime import UTC, datetime

from feedloop import log
from feedloop.domain.clock import parse_iso


def test_an_event_is_one_line_whatever_its_facts(capsys):
    log.event("curate.failed", key="a\nb", why=ValueError("é"), when=datetime(2026, 11, 22, tzinfo=UTC))
    (line,) = capsys.readouterr().out.splitlines()
    facts = json.loads(line)
    assert (facts["event"], facts["key"]) == ("curate.failed", "a\nb")
    assert parse_iso(facts["at"]).tzinfo is UTC


def test_an_event_that_nobody_listens_to_any_more_fails_no_call(monkeypatch):
    listener, writer = os.pipe()
    os.close(listener)
    with os.fdopen(writer, "wb", buffering=0) as raw:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, write_through=True))
        log.event("predict.answered", status=200)


def test_a_long_text_keeps_its_beginning_and_its_end(capsys):
    log.event("failed", traceback=f"begins{'x' * 400_000}ends", why=ValueError("y" * 400_000))
    (line,) = capsys.readouterr().out.splitlines()
    traceback = json.loads(line)["traceback"]
    assert (traceback[:6], traceback[-4:], len(line) < 25_000) == ("begins", "ends", True)
