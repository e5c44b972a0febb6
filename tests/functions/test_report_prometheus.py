import re
import shutil
import subprocess
from random import Random

import pytest

from feedloop import releases
from feedloop.domain.classes import ClassList
from functions.report import prometheus
from functions.report.reporting import report
from tests.support import opinions

ESCAPED = r'(?:[^"\\\n]|\\["\\n])*'
SAMPLE = re.compile(rf'feedloop_[a-z0-9_]+(?:\{{[a-z]+="{ESCAPED}"(?:,[a-z]+="{ESCAPED}")*\}})? (-?[0-9.e+-]+)')
NAMES = ["Bread", "Dairy product", "Dessert", 'Egg "soft"', "Crème\nbrûlée \\o/", "肉"]
CLASSES = ClassList.from_document({"classes": [{"name": name} for name in NAMES]})
"""As an earlier version took them: a line break is refused today."""


@pytest.fixture
def told(store, clock):
    opinions.any_day(store, Random(1), count=200)
    clock.pass_(days=1)
    return report({"days": "1"}, store=store, classes=CLASSES, now=clock(), threshold=700)


@pytest.fixture
def lines(told):
    return prometheus.text(told).splitlines()


def test_every_line_is_a_comment_or_a_sample(lines):
    assert [
        line for line in lines if not re.match(r"# (HELP|TYPE) feedloop_\w+ .+", line) and not SAMPLE.fullmatch(line)
    ] == []


def test_every_metric_is_explained_before_its_samples_and_once(lines):
    named = [line.split(" ")[2] for line in lines if line.startswith("# TYPE")]
    assert len(named) == len(set(named))
    assert [line.split(" ")[2] for line in lines if line.startswith("# HELP")] == named
    samples = [re.split(r"\W", line)[0] for line in lines if not line.startswith("#")]
    assert list(dict.fromkeys(samples)) == named


def test_names_of_any_script_and_kind_are_kept(lines):
    text = "\n".join(lines)
    for name in ('Egg \\"soft\\"', "Crème\\nbrûlée \\\\o/", "肉"):
        assert f'feedloop_predictions_by_class{{class="{name}"}}' in text


def test_what_is_not_known_has_no_sample(store, clock):
    told = report({}, store=store, classes=releases.class_list(store), now=clock(), threshold=700)
    assert "feedloop_accuracy{" not in prometheus.text(told)
    assert 'feedloop_queue_waiting{queue="randomsampled"} 0' in prometheus.text(told)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool, a part of Prometheus, is not installed")
def test_prometheus_own_checker_finds_nothing_to_mend(told):
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=prometheus.text(told), check=False, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stderr) == (0, "")
