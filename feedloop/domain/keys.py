"""The one module that spells a bucket or a key, and parses one. What is counted or selected on stands in the key."""

import re
from typing import NamedTuple
from urllib.parse import quote

from feedloop.domain.errors import Malformed
from feedloop.domain.prediction import PredictionId, sample_key_of

PRODUCTION, LABELSTUDIO, TRACKING, MODELS = "production", "labelstudio", "tracking", "models"

RANDOM_SAMPLED, LOW_CONFIDENCE, USER_FEEDBACK = "randomsampled", "lowconfidence", "userfeedback"
USER_FEEDBACK_2 = "userfeedback2"
REVIEW_QUEUES = (RANDOM_SAMPLED, LOW_CONFIDENCE, USER_FEEDBACK)
QUEUES = (*REVIEW_QUEUES, USER_FEEDBACK_2)

DATASETS = {RANDOM_SAMPLED: "cleanproduction", **{queue: queue for queue in QUEUES[1:]}}
"""Queue to dataset bucket."""

CURATED, BEGUN, QUARANTINED, REMOVED = "curated", "open", "quarantine", "removed"
"""States of an annotation's version, each a folder of tracking."""

BUCKETS = (PRODUCTION, LABELSTUDIO, TRACKING, MODELS, *DATASETS.values())

_PRODUCTION_KEY = re.compile(r"class_(\d{2,4})/(\d{8})/([0-9a-f]{32})-(\d{4})-([0-9a-f]{8})-(\d{5})\.jpg", re.ASCII)
_TASK_KEY = re.compile(r"tasks/[a-z0-9]+/([0-9a-f]{32})\.json")
_DAY_FILE = re.compile(r"days/(\d{8})\.jsonl", re.ASCII)
_DATASET_KEY = re.compile(r"class_(\d{2}|[1-9]\d{2,3})/([^/]+)\.jpg", re.ASCII)
_IMAGE_KEY = re.compile(r"images/([0-9a-f]{32})\.jpg")
_OUTPUT_KEY = re.compile(r"output/([a-z0-9]+)/([^/\x00-\x1f\x7f]+)")

_OUTCOME_DEPTH = 3  # slashes: outcomes/<queue>/<kind>/<prediction id>
_VISITOR_SUFFIX, _GONE, _DASH = ".json", "-gone", "%2D"
_RULES, _CLASS_LIST = "-r3", "classes.json"  # what was set aside by other rules is read once more
_LONGEST_NAME = 64  # bytes; what is named after an annotation has three times as many and 60 more, stores take 255


class ObjectRef(NamedTuple):
    """Bucket and key of an object. The bucket is its plain name: adapters add the deployment's prefix."""

    bucket: str
    key: str

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rpartition("/")[2]


def production(prediction: PredictionId) -> ObjectRef:
    """The picture whose metadata is the prediction's record; writing it commits the prediction."""
    p = prediction
    name = f"{p.sample_key}-{p.per_mille:04d}-{p.model}-{p.second:05d}.jpg"
    return ObjectRef(PRODUCTION, f"{production_day(p.class_index, p.day).key}{name}")


def production_day(class_index: int, day: str) -> ObjectRef:
    """The folder of one predicted class and day, sorted by their sample keys; without a day, of all its days."""
    return ObjectRef(PRODUCTION, f"{_class(class_index)}/{day}/" if day else f"{_class(class_index)}/")


def parse_production(key: str) -> PredictionId:
    """The prediction of a production key. Raises Malformed."""
    match = _PRODUCTION_KEY.fullmatch(key)
    if match is None:
        raise Malformed(f"not a production key: {key}")
    class_index, day, sample_key, per_mille, model, second = match.groups()
    return PredictionId.parse(f"{day}-{class_index}-{per_mille}-{model}-{sample_key}-{second}")


def split_production(key: str) -> tuple[str, ...] | None:
    """Class, day, sample key, per mille, model and second of a production key, by its form alone; None for others."""
    return match.groups() if (match := _PRODUCTION_KEY.fullmatch(key)) else None


def dataset_sample_key(key: str) -> str | None:
    """The sample key of a dataset's key, and no more, since there are many; None for what `parse_dataset` refuses."""
    return sample_key_of(match[2]) if (match := _DATASET_KEY.fullmatch(key)) else None


def task_sample_key(key: str) -> str | None:
    """The sample key of a task's key; None for any other key."""
    return match[1] if (match := _TASK_KEY.fullmatch(key)) else None


def dataset(queue: str, class_index: int, prediction: PredictionId) -> ObjectRef:
    """A labelled picture: the human's class in the folder, the model's in the name."""
    return ObjectRef(DATASETS[queue], f"{_class(class_index)}/{prediction}.jpg")


def parse_dataset(key: str) -> tuple[int, PredictionId]:
    """The human's class and the prediction of a dataset key. Raises Malformed."""
    match = _DATASET_KEY.fullmatch(key)
    if match is None:
        raise Malformed(f"not a dataset key: {key}")
    return int(match[1]), PredictionId.parse(match[2])


def dataset_class(queue: str, class_index: int | None = None) -> ObjectRef:
    """The folder of one human class in a queue's dataset, or of all."""
    return ObjectRef(DATASETS[queue], "" if class_index is None else f"{_class(class_index)}/")


def image(sample_key: str = "") -> ObjectRef:
    """The copy that annotators see: its key reveals nothing, its metadata holds the prediction id. Or their folder."""
    return ObjectRef(LABELSTUDIO, f"images/{sample_key}.jpg" if sample_key else "images/")


def parse_image_url(url: str, *, images: str) -> str:
    """The sample key of a review picture's address; `images` is the address of their folder. Raises Malformed."""
    match = _IMAGE_KEY.fullmatch("images/" + url.removeprefix(images)) if url.startswith(images) else None
    if match is None:
        raise Malformed("its picture is not one of ours")
    return match[1]


def task(queue: str, sample_key: str) -> ObjectRef:
    """A review task for one of the REVIEW_QUEUES."""
    return ObjectRef(LABELSTUDIO, f"tasks/{queue}/{sample_key}.json")


def tasks(queue: str) -> ObjectRef:
    """The folder of a queue's review tasks."""
    return ObjectRef(LABELSTUDIO, f"tasks/{queue}/")


def parse_task(queue: str, key: str) -> str:
    """The sample key of a task's key; of any other key below the queue's folder, a name that no task has."""
    return quote(key.removeprefix(tasks(queue).key).removesuffix(".json"), safe="")


def refused_tasks(queue: str) -> str:
    """What stands for the queue in the quarantine of its task files; their versions are named like annotations'."""
    return f"tasks-{queue}"


def imported(queue: str, sample_key: str) -> ObjectRef:
    """The ledger entry of one task: claimed by a worker, or in Label Studio."""
    return ObjectRef(TRACKING, f"{imports(queue).key}{sample_key}")


def imports(queue: str) -> ObjectRef:
    """The folder of a queue's imported tasks."""
    return ObjectRef(TRACKING, f"imported/{queue}/")


def repaired(queue: str) -> ObjectRef:
    """How far a queue's annotations have been compared with Label Studio."""
    return ObjectRef(TRACKING, f"sync/{queue}.json")


def notice(queue: str) -> ObjectRef:
    """Which label config of a queue's project sync has reported, because it does not understand it."""
    return ObjectRef(TRACKING, f"notices/{queue}.json")


def projects() -> ObjectRef:
    """Which of Label Studio's projects is each queue's, as the set-up left it."""
    return ObjectRef(TRACKING, "projects.json")


def outputs(queue: str) -> ObjectRef:
    """The folder that Label Studio (or relabel) writes a queue's annotations to."""
    return ObjectRef(LABELSTUDIO, f"output/{queue}/")


def output(queue: str, annotation: str) -> ObjectRef:
    """An annotation: Label Studio's files have no suffix, relabel's do."""
    suffix = _VISITOR_SUFFIX if queue == USER_FEEDBACK_2 else ""
    return ObjectRef(LABELSTUDIO, f"output/{queue}/{annotation}{suffix}")


def parse_output(key: str) -> tuple[str, str] | None:
    """The queue and annotation id of an output key; None for any other key, and for a name that is none of theirs."""
    match = _OUTPUT_KEY.fullmatch(key)
    if match is None or match[1] not in QUEUES or len(match[2].encode()) > _LONGEST_NAME:
        return None
    queue, name = match.groups()
    if queue != USER_FEEDBACK_2:
        return queue, name
    return (queue, name.removesuffix(_VISITOR_SUFFIX)) if name.endswith(_VISITOR_SUFFIX) else None


def label(queue: str, prediction: PredictionId | None = None) -> ObjectRef:
    """The label of record: all votes and the class derived from them; without a prediction, the folder of a queue's."""
    return ObjectRef(TRACKING, f"labels/{queue}/{prediction}.json" if prediction else f"labels/{queue}/")


def versions(state: str, queue: str) -> ObjectRef:
    """A folder of annotation versions: CURATED (done), BEGUN, QUARANTINED (not understood), REMOVED."""
    return ObjectRef(TRACKING, f"{state}/{queue}/")


def version(state: str, queue: str, annotation: str, etag: str) -> ObjectRef:
    """One version of one annotation: `-` sorts below every digit, so 1- stands before 10."""
    return ObjectRef(TRACKING, f"{versions(state, queue).key}{annotation.replace('-', _DASH)}-{etag}")


def quarantined(queue: str, name: str, etag: str) -> ObjectRef:
    """What could not be parsed of a queue's output: an annotation's version, or another object there."""
    return version(QUARANTINED, queue, name, etag + _RULES)


def parse_quarantined(key: str) -> tuple[str, str] | None:
    """The name and the ETag of what was set aside; None when that was by other rules than today's."""
    name, etag, _ = parse_version(key)
    return (name, etag.removesuffix(_RULES)) if etag.endswith(_RULES) else None


def vanished(queue: str, annotation: str, etag: str) -> ObjectRef:
    """The mark beside a ledger entry: this version has vanished. An empty mark means that it is back."""
    return version(CURATED, queue, annotation, etag + _GONE)


def begun(queue: str, annotation: str, etag: str, worker: str) -> ObjectRef:
    """The note of a worker that begins with a version; `worker` has no dashes."""
    return version(BEGUN, queue, annotation, f"{etag}-{worker}")


def parse_version(key: str) -> tuple[str, str, bool]:
    """Annotation id and ETag of a ledger or quarantine key, and whether it is the mark of a vanished one."""
    annotation, _, etag = key.rpartition("/")[2].partition("-")
    return annotation.replace(_DASH, "-"), etag.removesuffix(_GONE), etag.endswith(_GONE)


def parse_begun(key: str) -> tuple[str, str]:
    """Annotation id and ETag of a worker's note."""
    annotation, etag, _ = parse_version(key.rpartition("-")[0])
    return annotation, etag


def outcome(queue: str, kind: str, prediction: PredictionId) -> ObjectRef:
    """An empty object: an answer that gives no dataset picture but counts in reports."""
    return ObjectRef(TRACKING, f"outcomes/{queue}/{kind}/{prediction}")


def outcomes(queue: str) -> ObjectRef:
    """The folder of a queue's answers that give no dataset picture."""
    return ObjectRef(TRACKING, f"outcomes/{queue}/")


def parse_outcome(key: str) -> tuple[str, PredictionId]:
    """The kind and the prediction of an outcome's key. Raises Malformed."""
    _, _, kind, prediction = key.split("/") if key.count("/") == _OUTCOME_DEPTH else ("", "", "", "")
    return kind, PredictionId.parse(prediction)


def day_file(day: str = "") -> ObjectRef:
    """The predictions of a closed day, a line each; without a day, the folder of all."""
    return ObjectRef(TRACKING, f"days/{day}.jsonl" if day else "days/")


def parse_day_file(key: str) -> str | None:
    """The day of a day's file; None for any other key."""
    match = _DAY_FILE.fullmatch(key)
    return match[1] if match else None


def request(digest: str) -> ObjectRef:
    """The claim of one Idempotency-Key."""
    return ObjectRef(TRACKING, f"requests/{digest}")


def lease(name: str) -> ObjectRef:
    """Who sweeps at the moment."""
    return ObjectRef(TRACKING, f"leases/{name}.json")


def guard(queue: str = "") -> ObjectRef:
    """What the guard before mass withdrawals holds back of a queue; without one, the folder of all."""
    return ObjectRef(TRACKING, f"guard/{queue}.json" if queue else "guard/")


def current_model() -> ObjectRef:
    """The pointer to the release that serves."""
    return ObjectRef(MODELS, "current.json")


def model_file(name: str, sha256: str, file: str) -> ObjectRef:
    """A file of one release: `model.onnx` or `card.json`."""
    return ObjectRef(MODELS, f"{name}/{sha256}/{file}")


def models() -> ObjectRef:
    """The folder of every release."""
    return ObjectRef(MODELS, "")


def class_list(name: str = "") -> ObjectRef:
    """The append-only class list of the store; with a model's name, the one that replicas of 0.1 go by."""
    return ObjectRef(MODELS, f"{name}/{_CLASS_LIST}" if name else _CLASS_LIST)


def parse_class_list(key: str) -> str:
    """The model's name whose class list this is; empty for any other key."""
    return key.removesuffix(f"/{_CLASS_LIST}") if key.endswith(f"/{_CLASS_LIST}") else ""


def _class(index: int) -> str:
    return f"class_{index:02d}"
