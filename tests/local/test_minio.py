"""STORE=minio: the same system on the other store."""

from collections.abc import Iterator

import pytest

from tests.local.stranger import require_nothing_is_given_or_taken
from tests.local.system import System, an_annotation_comes_and_goes, running, until

pytestmark = pytest.mark.store


@pytest.fixture(scope="module")
def on_minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("on_minio"), STORE="minio") as system:
        yield system


@pytest.mark.slow("each event of MinIO takes three seconds")
def test_minio_calls_curate_itself(on_minio: System) -> None:
    on_minio.put("labelstudio", "output/userfeedback/777", b"{}")
    until(lambda: on_minio.logged("curate.answered", status=200), "curate is called")
    an_annotation_comes_and_goes(on_minio, "778")


def test_minio_gives_and_takes_no_picture_without_keys(on_minio: System) -> None:
    require_nothing_is_given_or_taken(on_minio)


@pytest.mark.slow("starts the system again")
def test_minio_is_found_again_with_its_data(on_minio: System) -> None:
    on_minio.put("labelstudio", "output/userfeedback/779", b"{}")
    on_minio.kill()
    on_minio.start()
    assert on_minio.get("labelstudio", "output/userfeedback/779") == b"{}"
