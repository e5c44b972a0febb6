"""The three projects as they should be. What is not named here is the operator's own to choose."""

from typing import Any

from feedloop.domain import keys
from feedloop.domain.review import COMMON_MODEL_VERSION, TITLES

Fields = dict[str, Any]

SOURCE, TARGET, VIEW = "Tasks", "Annotations", "Least sure first"
"""Titles of the storages and of the view: the set-up finds its own by them."""

DESCRIPTIONS = {
    keys.RANDOM_SAMPLED: "Pictures drawn at random, every day. Nothing here tells what the model thinks: "
    "your answers measure it.",
    keys.LOW_CONFIDENCE: "Pictures that the model is unsure about, the least sure first. "
    "Its answer is chosen already: accept it, or choose the right one.",
    keys.USER_FEEDBACK: "Pictures whose answer a visitor called wrong. "
    "The model's answer is chosen already: accept it, or choose the right one.",
}

_INSTRUCTION = (
    "<p>Choose what is in the picture, by mouse or by the key that stands beside the answer, then press Ctrl+Enter.</p>"
    "<p><b>None of these</b>: it shows something else. "
    "<b>Can't tell</b>: nobody could say, because it is blurred, dark, or shows several at once. "
    "<b>Skip</b> leaves it to somebody else.</p>"
)

_HIDDEN = (
    "inner_id",
    "annotations_ids",
    "predictions_score",
    "predictions_model_versions",
    "predictions_results",
    "total_predictions",
    "file_upload",
    "storage_filename",
    "created_at",
    "updated_at",
    "updated_by",
    "avg_lead_time",
    "draft_exists",
    "data.v",
    "data.source",
    "data.user_feedback",
)
"""Columns of the data manager that say nothing to an annotator."""

_BLIND: Fields = {"show_collab_predictions": False, "sampling": "Sequential sampling"}
_INFORMED: Fields = {
    "show_collab_predictions": True,
    "sampling": "Uncertainty sampling",
    "model_version": COMMON_MODEL_VERSION,
}


def is_blind(queue: str) -> bool:
    """Whether annotators must not know what the model thinks."""
    return queue == keys.RANDOM_SAMPLED


def project(queue: str, label_config: str) -> Fields:
    """Uncertainty sampling serves the lowest score first, among predictions of the project's model version."""
    return {
        "title": TITLES[queue],
        "description": DESCRIPTIONS[queue],
        "expert_instruction": _INSTRUCTION,
        "label_config": label_config,
        "enable_empty_annotation": False,
        **(_BLIND if is_blind(queue) else _INFORMED),
    }


def source(queue: str, bucket: str, region: str) -> Fields:
    """The storage that lets Label Studio show our pictures. It is never synchronised: sync brings the tasks.

    Without a prefix it answers for the whole bucket, and needs nothing to be in it.
    """
    return {
        "title": SOURCE,
        "bucket": bucket,
        "prefix": "",
        "regex_filter": keys.task(queue, ".*").key,  # if it is ever synchronised all the same
        "recursive_scan": True,
        "region_name": region,
        "presign": False,  # Label Studio hands the pictures out itself, without their metadata
        "synchronizable": False,
        "use_blob_urls": False,
    }


def target(queue: str, bucket: str, region: str) -> Fields:
    """The storage that every annotation is written to when it is saved. Synchronised, it would rewrite them all."""
    return {
        "title": TARGET,
        "bucket": bucket,
        "prefix": keys.outputs(queue).key.rstrip("/"),
        "region_name": region,
        "can_delete_objects": True,
        "synchronizable": False,
    }


def view() -> Fields:
    """A tab of the data manager: the order of "Label tasks as displayed"."""
    return {"title": VIEW, "ordering": ["tasks:predictions_score"]}


def columns() -> Fields:
    """What such a tab shows at first: the picture, the model's answer, and who said what."""
    hidden = [f"tasks:{column}" for column in _HIDDEN]
    return {"hiddenColumns": {"explore": hidden, "labeling": hidden}}
