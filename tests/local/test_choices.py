"""Wrong choices are told in a sentence that names the variable."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feedloop.domain.errors import WrongSetting
from local import data_directory, label_studio, ports
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
        {"PORT": "٨٠٨٠"},
        {"PORT": "8" * 5000},
        {"PORT": "-1"},
        {"PORT": "0"},
        {"PORT": "8090"},  # Label Studio's
        {"BUCKET_PREFIX": "my food-"},
        {"BUCKET_PREFIX": "Food-"},
        {"BUCKET_PREFIX": "my_food-"},
        {"BUCKET_PREFIX": "-food"},
        {"BUCKET_PREFIX": "food..of-"},
        {"BUCKET_PREFIX": "küche-"},
        {"BUCKET_PREFIX": "f" * 49},
        {"BUCKET_PREFIX": "food/"},
        {"S3_ENDPOINT": "http://"},
        {"S3_ENDPOINT": "http://store:eighty"},
        {"S3_ENDPOINT": "http://store:99999"},
        {"S3_ENDPOINT": "http://me:word@store"},
        {"S3_ENDPOINT": "http://my store"},
        {"S3_ENDPOINT": "http://store\n"},
        {"S3_ENDPOINT": "http://[::1"},
        {"LABEL_STUDIO_PORT": "0"},
        {"LABEL_STUDIO_URL": "label-studio:8080"},
        {"LABEL_STUDIO_S3_SECRET_KEY": "alone"},
    ],
)
def test_a_wrong_value_names_its_variable(wrong: dict[str, str]) -> None:
    with pytest.raises(WrongSetting, match=next(iter(wrong))):
        Choices.from_environment(wrong)


@pytest.mark.parametrize("prefix", ["", "food-", "food.of.2026-", "7-", "f" * 48])
def test_a_prefix_that_every_store_takes_is_taken(prefix: str) -> None:
    assert Choices.from_environment({"BUCKET_PREFIX": prefix}).bucket_prefix == prefix


def test_a_port_of_the_system_is_told_with_one_that_may_be_used() -> None:
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 80:
        pytest.skip("here anybody may have port 80")
    with as_anybody():
        assert "choose one above 1023" in ports.fault(80)
    assert ports.free(ports.beside(80))
    assert ports.beside(80) > 1023


@contextmanager
def as_anybody() -> Iterator[None]:
    """Without the rights of root, who may use every port."""
    before = os.geteuid()
    os.seteuid(before or 65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("missing", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EIO])
def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: int) -> None:
    def flock(*_: object) -> None:
        raise OSError(missing, os.strerror(missing))

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(WrongSetting, match="without locks"), data_directory.locked(tmp_path):
        pytest.fail("it was let in")


def test_an_outside_store_needs_keys() -> None:
    with pytest.raises(WrongSetting, match="set S3_ACCESS_KEY and S3_SECRET_KEY"):
        Choices.from_environment({"S3_ENDPOINT": "http://127.0.0.1:9000"})


def test_an_outside_label_studio_needs_a_token() -> None:
    with pytest.raises(WrongSetting, match="set LABEL_STUDIO_TOKEN"):
        Choices.from_environment({"LABEL_STUDIO_URL": "http://127.0.0.1:8080"})


def test_a_label_studio_that_is_not_installed_is_told_with_a_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="`make run` does that"):
        label_studio.require_installed(tmp_path)


def test_keys_are_not_shown() -> None:
    hidden = {"LABEL_STUDIO_URL": "http://label-studio", "LABEL_STUDIO_TOKEN": "hidden-key"}
    choices = Choices.from_environment({"S3_ACCESS_KEY": "known-name", "S3_SECRET_KEY": "hidden-key", **hidden})
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
        data_directory.require_room(tmp_path, needed=10**18)


def test_a_missing_minio_is_told_with_a_way_to_get_it(tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    refused = ask(tmp_path / "data", port=ports.remembered(tmp_path / "p", ["any"])["any"], STORE="minio", **nowhere)
    assert refused.returncode == 1
    assert "`make minio`" in refused.stderr


def test_help_names_the_commands(tmp_path: Path) -> None:
    assert all(word in ask(tmp_path, "--help").stdout for word in ("run", "ls", "cat", "docs/settings.md"))
