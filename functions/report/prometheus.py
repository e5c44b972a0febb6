"""The same report as Prometheus reads it (text format 0.0.4): a gauge per number, absent where there is none."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from feedloop.domain.clock import parse_iso
from feedloop.domain.documents import Document
from feedloop.domain.prediction import SECONDS_OF_A_DAY

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]
Sample = tuple[Labels, float | None]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One metric with its samples."""

    name: str
    help: str
    samples: Iterable[Sample]

    def lines(self) -> Iterator[str]:
        """HELP, TYPE and the samples that have a value; nothing when none has."""
        told = [
            f"feedloop_{self.name}{_labels(labels)} {value!r}" for labels, value in self.samples if value is not None
        ]
        if told:
            yield f"# HELP feedloop_{self.name} {_escaped(self.help)}"
            yield f"# TYPE feedloop_{self.name} gauge"
            yield from told


def text(report: Document) -> str:
    """The whole report; its window is in feedloop_report_window_seconds."""
    return "".join(f"{line}\n" for gauge in _gauges(report) for line in gauge.lines())


def _gauges(report: Document) -> Iterator[Gauge]:
    window = report["window"]["days"] * SECONDS_OF_A_DAY
    yield Gauge("report_window_seconds", "How long the report's window is.", [({}, window)])
    yield Gauge("report_timestamp_seconds", "When the report was made.", [({}, _seconds(report["generated_at"]))])
    model = report["model"]
    yield Gauge("model_info", "The model that serves.", [(model, 1)] if model else [])
    yield from _of_predictions(report["predictions"])
    yield from _of_accuracy(report["accuracy"])
    yield from _of_classes(report["per_class"])
    calibration = report["calibration"]["expected_error"]
    yield Gauge("calibration_error", "Expected calibration error.", [({}, calibration)])
    yield from _of_queues(report["queues"])
    yield from _of_people(report["visitors"], report["anchoring"], report["change"]["difference"])
    if about := _about(report):
        yield Gauge("accuracy_model_info", "Whose accuracy this is; all: of every model.", [({"model": about}, 1)])
    if "switch" in report:
        yield from _of_models(report["switch"])


def _of_predictions(found: Document) -> Iterator[Gauge]:
    by_class = [({"class": one["class"]}, one) for one in found["by_class"]]
    by_model = [({"model": one["model"]}, one) for one in found["by_model"]]
    for name, rows in (("class", by_class), ("model", by_model)):
        totals = [(labels, one["total"]) for labels, one in rows]
        yield Gauge(f"predictions_by_{name}", f"Predictions of the window by {name}.", totals)
        low = [(labels, one["low_confidence"]) for labels, one in rows]
        yield Gauge(f"low_confidence_by_{name}", f"Those that the model was unsure about, by {name}.", low)


def _of_accuracy(found: Document) -> Iterator[Gauge]:
    named = {"best": found["best"], "blind": found["blind"]}
    samples = [sample for name, one in named.items() for sample in _estimate(one, estimate=name)]
    yield Gauge("accuracy", "Share of right predictions, with its 95 % interval.", samples)
    yield Gauge(
        "accuracy_labels",
        "Human answers behind it.",
        [({"kind": kind}, count) for kind, count in found["labels"].items()],
    )
    cases = [({"case": case}, found[f"{case}_case"]) for case in ("worst", "best")]
    yield Gauge("accuracy_if_missing", "Accuracy if every missing answer were wrong (worst) or right (best).", cases)


def _of_classes(rows: Iterable[Document]) -> Iterator[Gauge]:
    told = list(rows)
    for what, help_ in (
        ("precision", "Share of right among those called so"),
        ("recall", "Share found of those that are so"),
    ):
        samples = [sample for one in told for sample in _estimate(one[what], **{"class": one["class"]})]
        yield Gauge(f"class_{what}", f"{help_}, with its 95 % interval.", samples)


def _of_queues(rows: Iterable[Document]) -> Iterator[Gauge]:
    told = [({"queue": one["queue"]}, one) for one in rows]
    yield Gauge("queue_waiting", "Tasks that nobody answered yet.", [(labels, one["waiting"]) for labels, one in told])
    yield Gauge("queue_done", "Answered predictions of the window.", [(labels, one["done"]) for labels, one in told])
    oldest = [(labels, _seconds(one["oldest"])) for labels, one in told]
    yield Gauge("queue_oldest_timestamp_seconds", "Since when the oldest task waits.", oldest)
    waited = [
        ({**labels, "percentile": percentile}, one["seconds_to_label"][name])
        for labels, one in told
        if one["seconds_to_label"]
        for name, percentile in (("median", "50"), ("p95", "95"))
    ]
    yield Gauge("queue_seconds_to_label", "From a prediction to its label.", waited)


def _of_people(visitors: Document, anchoring: Document, change: Document | None) -> Iterator[Gauge]:
    counts = [({"what": what}, visitors[what]) for what in ("flagged", "relabelled")]
    yield Gauge("visitors", "Predictions of the window that visitors flagged or relabelled.", counts)
    for what in ("flags", "relabels"):
        confirmed = _estimate(visitors[f"{what}_confirmed"])
        yield Gauge(f"{what}_confirmed", f"Share of {what} that annotators confirm, with its 95 % interval.", confirmed)
    difference = _estimate(anchoring["difference"])
    yield Gauge(
        "anchoring", "How much more often a shown answer is accepted than a hidden one agreed with.", difference
    )
    yield Gauge(
        "accuracy_change", "Accuracy minus that of the window before, with its 95 % interval.", _estimate(change)
    )


def _about(report: Document) -> str | None:
    """The model that is judged, where that is not simply the one that serves and nothing else."""
    other = (limit["model"] for limit in report["limits"] if limit["kind"] == "not-serving")
    serving = report["switch"]["serving"]["model"] if "switch" in report else None
    return report["window"]["model"] or next(other, serving)


def _of_models(switch: Document) -> Iterator[Gauge]:
    """Only of days in which one model took another's place."""
    models = [one for one in (switch["serving"], switch["replaced"]) if one]
    samples = [
        sample
        for one in models
        for name in ("best", "blind")
        for sample in _estimate(one[name], model=one["model"], estimate=name)
    ]
    yield Gauge("accuracy_by_model", "Accuracy of the model that serves and of the one that it replaced.", samples)
    answers = [({"model": one["model"]}, one["answers"]["of"]) for one in models]
    yield Gauge("accuracy_blind_labels_by_model", "Blind labels behind it.", answers)
    paired = switch["paired"] and switch["paired"]["difference"]
    help_ = "Accuracy minus that of the model that it replaced, on pictures that both judged."
    yield Gauge("accuracy_change_paired", help_, _estimate(paired))
    since = [({"model": switch["serving"]["model"]}, _seconds(switch["serving"]["since"]))]
    yield Gauge("model_since_timestamp_seconds", "Since when it serves.", since)


def _estimate(found: Document | None, **labels: str) -> list[Sample]:
    return [({**labels, "bound": bound}, found[bound]) for bound in ("value", "low", "high")] if found else []


def _labels(labels: Labels) -> str:
    told = ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items())
    return f"{{{told}}}" if told else ""


def _quoted(value: str) -> str:
    return _escaped(value).replace('"', '\\"')


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _seconds(time: str | None) -> float | None:
    return parse_iso(time).timestamp() if time else None
