"""Files that change in one step."""

import stat

import pytest

from feedloop import files


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "file"
    files.replace(path, b"old")
    files.replace(path, b"new", durable=True)
    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    files.replace(path, b"old")
    (tmp_path / "file.part").mkdir()
    with pytest.raises(OSError, match=r"file\.part"):
        files.replace(path, b"new")
    assert path.read_bytes() == b"old"


def test_what_a_killed_run_left_is_written_over_and_not_followed(tmp_path):
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "file.part").symlink_to(tmp_path / "other")
    files.replace(tmp_path / "file", b"new", mode=0o600)
    assert (tmp_path / "other").read_bytes() == b"other"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
