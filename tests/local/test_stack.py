"""stack.yml as the one-machine system reads it."""

from pathlib import Path

import pytest

from feedloop.domain.errors import WrongSetting
from feedloop.domain.keys import ObjectRef
from local import stack
from local.stack import Function

ONE = """
functions:
  one:
    handler: ./functions/one
    environment: {{S3_REGION: "${{REGION:-here}}", exec_timeout: 9s}}
    annotations: {{{annotations}}}
"""


def _one(tmp_path: Path, annotations: str = "", **env: str) -> Function:
    path = tmp_path / "stack.yml"
    path.write_text(ONE.format(annotations=annotations))
    return stack.load_functions(path, env)[0]


def test_our_own_stack_names_every_function_that_has_a_handler() -> None:
    on_disk = {path.parent.name for path in stack.ROOT.glob("functions/*/handler.py")}
    found = stack.load_functions(env={})
    assert {function.name for function in found} == on_disk
    assert {function.module for function in found} == {f"functions.{name}.handler" for name in on_disk}


def test_our_own_stack_calls_what_sweeps_by_cron_and_sync_and_curate_by_event() -> None:
    found = {function.name: function for function in stack.load_functions(env={})}
    schedules = {name: function.schedule for name, function in found.items() if function.schedule}
    daily = {"sample": "20 0 * * *", "report": "30 0 * * *"}
    assert schedules == {**daily, "sync": "45 * * * *", "curate": "15 * * * *"}
    assert found["curate"].cares_for(ObjectRef("labelstudio", "output/userfeedback/12"))
    assert not found["curate"].cares_for(ObjectRef("labelstudio", "tasks/userfeedback/12.json"))
    for bucket, key in (("labelstudio", "tasks/userfeedback/12.json"), ("models", "current.json")):
        assert found["sync"].cares_for(ObjectRef(bucket, key))
    assert not found["sync"].cares_for(ObjectRef("models", "food11/1/model.onnx"))
    assert not found["sample"].cares_for(ObjectRef("labelstudio", "output/userfeedback/12"))


def test_variables_are_filled_in_as_faas_cli_does(tmp_path: Path) -> None:
    assert _one(tmp_path).environment == {"S3_REGION": "here"}
    assert _one(tmp_path, REGION="there").environment == {"S3_REGION": "there"}


def test_settings_of_the_watchdog_are_not_for_functions(tmp_path: Path) -> None:
    assert "exec_timeout" not in _one(tmp_path).environment


def test_two_functions_that_disagree_stop_the_start() -> None:
    def with_region(region: str) -> Function:
        return Function(region, "m", {"S3_REGION": region}, "", ())

    with pytest.raises(WrongSetting, match="S3_REGION"):
        stack.environment((with_region("a"), with_region("b")))


def test_a_wrong_schedule_is_told_instead_of_skipped(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="schedule"):
        _one(tmp_path, 'topic: cron-function, schedule: "61 * * * *"')


def test_a_prefix_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="labelstudio/out"):
        _one(tmp_path, "com.feedloop.events: labelstudio/out")
