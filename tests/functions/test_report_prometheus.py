import shutil
import subprocess
from random import Random

import pytest
from prometheus_client.parser import text_string_to_metric_families

from feedloop import releases
from feedloop.domain.classes import ClassList
from functions.report import prometheus
from functions.report.report import report
from tests.support import feedback

NAMES = ["Bread", "Dairy product", "Dessert", 'Egg "soft"', "Crème\nbrûlée \\o/", "肉"]
CLASSES = ClassList.from_document({"classes": [{"name": name} for name in NAMES]})
"""As an earlier version took them: a line break is refused today."""


@pytest.fixture
def told(store, clock):
    feedback.any_day(store, Random(1), count=200)
    clock.pass_(days=1)
    return report({"days": "1"}, store=store, classes=CLASSES, now=clock(), threshold=700)


def test_every_metric_is_an_explained_gauge_told_once_and_with_samples(told):
    metrics = list(text_string_to_metric_families(prometheus.text(told)))
    assert len(metrics) == len({metric.name for metric in metrics})
    assert [m.name for m in metrics if m.type != "gauge" or not (m.documentation and m.samples)] == []
    assert [metric.name for metric in metrics if not metric.name.startswith("feedloop_")] == []


def test_names_of_any_script_and_kind_are_kept(told):
    metrics = {metric.name: metric for metric in text_string_to_metric_families(prometheus.text(told))}
    by_class = [sample.labels["class"] for sample in metrics["feedloop_predictions_by_class"].samples]
    assert by_class == NAMES


def test_what_is_not_known_has_no_sample(store, clock):
    told = report({}, store=store, classes=releases.class_list(store), now=clock(), threshold=700)
    assert "feedloop_accuracy{" not in prometheus.text(told)
    assert 'feedloop_queue_waiting{queue="randomsampled"} 0.0' in prometheus.text(told)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool, a part of Prometheus, is not installed")
def test_prometheus_own_checker_finds_nothing_to_mend(told):
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=prometheus.text(told), check=False, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stderr) == (0, "")
