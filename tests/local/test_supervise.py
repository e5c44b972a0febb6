"""What supervisord is told, and what becomes of what it says."""

import configparser
import json
from pathlib import Path

import pytest

from feedloop.domain.errors import WrongSetting
from local import supervise
from local.supervise import Service

AT = "2026-11-22 13:00:00,123"


def test_paths_with_spaces_and_percent_signs_arrive(tmp_path: Path) -> None:
    service = Service("store", ("/a b/weed", "-dir=/100 %/data"), tmp_path, 100)
    parsed = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    parsed.read_string(supervise.configuration([service]))
    assert parsed["program:store"]["command"] == "'/a b/weed' '-dir=/100 %%/data'"


def test_a_path_that_would_become_a_comment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="cannot be used"):
        supervise.configuration([Service("store", ("/a ;b/weed",), tmp_path, 100)])


@pytest.mark.parametrize(
    ("said", "event"),
    [
        (f"{AT} INFO spawned: 'cron' with pid 7", {"event": "part.started", "part": "cron", "pid": 7}),
        (f"{AT} WARN exited: cron (exit status 1; not expected)", {"event": "part.ended", "part": "cron"}),
        ("Traceback (most recent call last):", {"event": "output", "line": "Traceback (most recent call last):"}),
        ('{"event": "curate.answered"}', {"event": "curate.answered"}),
    ],
)
def test_every_line_becomes_json(capsys: pytest.CaptureFixture[str], said: str, event: dict[str, object]) -> None:
    supervise.forward_line(said)
    assert event.items() <= json.loads(capsys.readouterr().out).items()


def test_the_supervisors_small_talk_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    supervise.forward_line(f"{AT} INFO success: cron entered RUNNING state, process has stayed up for > than 1 seconds")
    assert capsys.readouterr().out == ""
