"""Wrong choices are told in a sentence that names the variable."""

from pathlib import Path

import pytest

from feedloop.domain.errors import WrongSetting
from local import folder, label_studio, ports
from local.settings import Choices
from tests.local.system import ask


@pytest.mark.parametrize(
    "wrong",
    [
        {"PORT": "eighty"},
        {"PORT": "70000"},
        {"STORE": "tape"},
        {"STORE_FSYNC": "perhaps"},
        {"LABEL_STUDIO": "maybe"},
        {"S3_ENDPOINT": "127.0.0.1:9000"},
        {"S3_ACCESS_KEY": "alone"},
        {"LABEL_STUDIO_PORT": "0"},
        {"LABEL_STUDIO_URL": "desk:8080"},
        {"LABEL_STUDIO_S3_SECRET_KEY": "alone"},
    ],
)
def test_a_wrong_value_names_its_variable(wrong: dict[str, str]) -> None:
    with pytest.raises(WrongSetting, match=next(iter(wrong))):
        Choices.read(wrong)


def test_an_outside_store_needs_keys() -> None:
    with pytest.raises(WrongSetting, match="set S3_ACCESS_KEY and S3_SECRET_KEY"):
        Choices.read({"S3_ENDPOINT": "http://127.0.0.1:9000"})


def test_an_outside_label_studio_needs_a_token() -> None:
    with pytest.raises(WrongSetting, match="set LABEL_STUDIO_TOKEN"):
        Choices.read({"LABEL_STUDIO_URL": "http://127.0.0.1:8080"})


def test_a_label_studio_that_is_not_installed_is_told_with_a_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="`make run` does that"):
        label_studio.require_installed(tmp_path)


def test_keys_are_not_shown() -> None:
    hidden = {"LABEL_STUDIO_URL": "http://desk", "LABEL_STUDIO_TOKEN": "hidden-key"}
    choices = Choices.read({"S3_ACCESS_KEY": "known-name", "S3_SECRET_KEY": "hidden-key", **hidden})
    assert "known-name" not in repr(choices)
    assert "hidden-key" not in repr(choices)


def test_a_data_dir_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = ask(tmp_path / "file" / "data")
    assert refused.returncode == 1
    assert "set DATA_DIR to a folder that you may write to" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="Make room, or set DATA_DIR"):
        folder.require_room(tmp_path, needed=10**18)


def test_a_missing_minio_is_told_with_a_way_to_get_it(tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    refused = ask(tmp_path / "data", port=ports.remembered(tmp_path / "p", ["any"])["any"], STORE="minio", **nowhere)
    assert refused.returncode == 1
    assert "`make minio`" in refused.stderr


def test_help_names_the_commands(tmp_path: Path) -> None:
    assert all(word in ask(tmp_path, "--help").stdout for word in ("run", "ls", "cat", "docs/settings.md"))
