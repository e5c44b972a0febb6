"""STORE=minio: the same system on the other store."""

import pytest

from tests.local.system import an_annotation_comes_and_goes, running, until

pytestmark = [pytest.mark.store, pytest.mark.slow("starts a system twice")]


def test_minio_calls_curate_itself_and_is_found_again(tmp_path) -> None:
    with running(tmp_path, STORE="minio") as system:
        system.put("labelstudio", "output/userfeedback/777", b"{}")
        until(lambda: system.said("curate.answered", status=200), "curate is called")
        an_annotation_comes_and_goes(system, "778")
        system.kill()
        system.start()
        assert system.get("labelstudio", "output/userfeedback/777") == b"{}"
