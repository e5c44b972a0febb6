"""The same report as Prometheus reads it (text format 0.0.4): a gauge per number, absent where there is none."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from feedloop.domain.clock import parse_iso
from feedloop.domain.documents import Document
from feedloop.domain.prediction import SECONDS_OF_A_DAY

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

Samples = Iterable[tuple[Mapping[str, str], float | None]]
"""Labels and value of each."""


@dataclass(frozen=True, slots=True)
class ReportCollector(Collector):
    """The numbers of one report."""

    report: Document

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """A gauge where there is a number."""
        return (gauge for gauge in _gauges(self.report) if gauge.samples)


def text(report: Document) -> str:
    """The whole report; its window is in feedloop_report_window_seconds."""
    return generate_latest(ReportCollector(report)).decode()


def _gauges(report: Document) -> Iterator[GaugeMetricFamily]:
    window = report["window"]["days"] * SECONDS_OF_A_DAY
    yield _gauge("report_window_seconds", "How long the report's window is.", [({}, window)])
    yield _gauge("report_timestamp_seconds", "When the report was made.", [({}, _seconds(report["generated_at"]))])
    model = report["model"]
    yield _gauge("model_info", "The model that serves.", [(model, 1)] if model else [])
    yield from _prediction_gauges(report["predictions"])
    yield from _accuracy_gauges(report["accuracy"])
    yield from _class_gauges(report["per_class"])
    calibration = report["calibration"]["expected_error"]
    yield _gauge("calibration_error", "Expected calibration error.", [({}, calibration)])
    yield from _queue_gauges(report["queues"])
    yield from _feedback_gauges(report["visitors"], report["anchoring"], report["change"]["difference"])
    if about := _about(report):
        yield _gauge("accuracy_model_info", "Whose accuracy this is; all: of every model.", [({"model": about}, 1)])
    if "switch" in report:
        yield from _model_gauges(report["switch"])


def _prediction_gauges(predictions: Document) -> Iterator[GaugeMetricFamily]:
    by_class = [({"class": one["class"]}, one) for one in predictions["by_class"]]
    by_model = [({"model": one["model"]}, one) for one in predictions["by_model"]]
    for name, rows in (("class", by_class), ("model", by_model)):
        totals = [(labels, one["total"]) for labels, one in rows]
        yield _gauge(f"predictions_by_{name}", f"Predictions of the window by {name}.", totals)
        low = [(labels, one["low_confidence"]) for labels, one in rows]
        yield _gauge(f"low_confidence_by_{name}", f"Those that the model was unsure about, by {name}.", low)


def _accuracy_gauges(accuracy: Document) -> Iterator[GaugeMetricFamily]:
    named = {"best": accuracy["best"], "blind": accuracy["blind"]}
    samples = [sample for name, one in named.items() for sample in _estimate(one, estimate=name)]
    yield _gauge("accuracy", "Share of right predictions, with its 95 % interval.", samples)
    yield _gauge(
        "accuracy_labels",
        "Human answers behind it.",
        [({"kind": kind}, count) for kind, count in accuracy["labels"].items()],
    )
    cases = [({"case": case}, accuracy[f"{case}_case"]) for case in ("worst", "best")]
    yield _gauge("accuracy_if_missing", "Accuracy if every missing answer were wrong (worst) or right (best).", cases)


def _class_gauges(classes: Iterable[Document]) -> Iterator[GaugeMetricFamily]:
    rows = list(classes)
    for what, help_ in (
        ("precision", "Precision: share of right predictions among those of the class"),
        ("recall", "Recall: share of the class's pictures that are predicted as it"),
    ):
        samples = [sample for one in rows for sample in _estimate(one[what], **{"class": one["class"]})]
        yield _gauge(f"class_{what}", f"{help_}, with its 95 % interval.", samples)


def _queue_gauges(queues: Iterable[Document]) -> Iterator[GaugeMetricFamily]:
    rows = [({"queue": one["queue"]}, one) for one in queues]
    yield _gauge("queue_waiting", "Tasks that nobody answered yet.", [(labels, one["waiting"]) for labels, one in rows])
    yield _gauge("queue_done", "Answered predictions of the window.", [(labels, one["done"]) for labels, one in rows])
    oldest = [(labels, _seconds(one["oldest"])) for labels, one in rows]
    yield _gauge("queue_oldest_timestamp_seconds", "Since when the oldest task waits.", oldest)
    waited = [
        ({**labels, "percentile": percentile}, one["seconds_to_label"][name])
        for labels, one in rows
        if one["seconds_to_label"]
        for name, percentile in (("median", "50"), ("p95", "95"))
    ]
    yield _gauge("queue_seconds_to_label", "From a prediction to its label.", waited)


def _feedback_gauges(visitors: Document, anchoring: Document, change: Document | None) -> Iterator[GaugeMetricFamily]:
    counts = [({"what": what}, visitors[what]) for what in ("flagged", "relabelled")]
    yield _gauge("visitors", "Predictions of the window that visitors flagged or relabelled.", counts)
    for what in ("flags", "relabels"):
        help_ = f"Share of {what} that annotators confirm, with its 95 % interval."
        confirmed = _estimate(visitors[f"{what}_confirmed"])
        yield _gauge(f"{what}_confirmed", help_, confirmed)
    help_ = "How much more often annotators agree with the model's answer when they see it than when it is hidden."
    yield _gauge("anchoring", help_, _estimate(anchoring["difference"]))
    yield _gauge(
        "accuracy_change", "Accuracy minus that of the window before, with its 95 % interval.", _estimate(change)
    )


def _about(report: Document) -> str | None:
    """The model that is judged, where that is not simply the one that serves and nothing else."""
    other = (limit["model"] for limit in report["limits"] if limit["kind"] == "not-serving")
    serving = report["switch"]["serving"]["model"] if "switch" in report else None
    return report["window"]["model"] or next(other, serving)


def _model_gauges(switch: Document) -> Iterator[GaugeMetricFamily]:
    """Only of days in which one model took another's place."""
    models = [one for one in (switch["serving"], switch["replaced"]) if one]
    samples = [
        sample
        for one in models
        for name in ("best", "blind")
        for sample in _estimate(one[name], model=one["model"], estimate=name)
    ]
    yield _gauge("accuracy_by_model", "Accuracy of the model that serves and of the one that it replaced.", samples)
    answers = [({"model": one["model"]}, one["answers"]["of"]) for one in models]
    yield _gauge("accuracy_blind_labels_by_model", "Blind labels behind it.", answers)
    paired = switch["paired"] and switch["paired"]["difference"]
    help_ = "Accuracy minus that of the model that it replaced, on pictures that both judged."
    yield _gauge("accuracy_change_paired", help_, _estimate(paired))
    since = [({"model": switch["serving"]["model"]}, _seconds(switch["serving"]["since"]))]
    yield _gauge("model_since_timestamp_seconds", "Since when it serves.", since)


def _estimate(interval: Document | None, **labels: str) -> Samples:
    return [({**labels, "bound": bound}, interval[bound]) for bound in ("value", "low", "high")] if interval else []


def _gauge(name: str, help_: str, samples: Samples) -> GaugeMetricFamily:
    known = [(labels, value) for labels, value in samples if value is not None]
    gauge = GaugeMetricFamily(f"feedloop_{name}", help_, labels=[*known[0][0]] if known else ())
    for labels, value in known:
        gauge.add_metric([*labels.values()], value)
    return gauge


def _seconds(time: str | None) -> float | None:
    return parse_iso(time).timestamp() if time else None
