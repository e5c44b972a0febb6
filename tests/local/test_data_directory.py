"""What lies in the data directory."""

import socket
from pathlib import Path

import pytest

from feedloop.domain.errors import WrongSetting
from local import data_directory, ports


def test_a_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    first = data_directory.secret(tmp_path, "key")
    assert len(first) == 40
    assert data_directory.secret(tmp_path, "key") == first
    assert (tmp_path / "secrets" / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_a_given_secret_replaces_the_kept_one(tmp_path: Path) -> None:
    data_directory.secret(tmp_path, "key")
    assert data_directory.secret(tmp_path, "key", "given") == "given"
    assert data_directory.secret(tmp_path, "key") == "given"


def test_a_data_directory_is_held_by_one(tmp_path: Path) -> None:
    data = data_directory.locked(tmp_path / "data")
    with data, pytest.raises(WrongSetting, match="already runs"), data_directory.locked(tmp_path / "data"):
        pass
    with data_directory.locked(tmp_path / "data"):
        pass


def test_ports_are_remembered_until_somebody_takes_one(tmp_path: Path) -> None:
    first = ports.remembered(tmp_path / "ports.json", ["a", "b"])
    assert ports.remembered(tmp_path / "ports.json", ["a", "b"]) == first
    with socket.create_server(("127.0.0.1", first["a"])):
        second = ports.remembered(tmp_path / "ports.json", ["a", "b"])
    assert second["a"] != first["a"]
    assert second["b"] == first["b"]


def test_no_port_is_chosen_twice(tmp_path: Path) -> None:
    names = [str(number) for number in range(50)]
    assert len(set(ports.remembered(tmp_path / "ports.json", names).values())) == 50


def test_no_port_is_chosen_that_another_part_has_or_will_take(tmp_path: Path) -> None:
    first = ports.remembered(tmp_path / "ports.json", ["a"])["a"]
    second = ports.remembered(tmp_path / "ports.json", ["a"], taken=[first])["a"]
    assert second != first
    data_directory.write_json(tmp_path / "ports.json", {"a": second, "b": second})
    assert ports.remembered(tmp_path / "ports.json", ["b"])["b"] != second


def test_broken_notes_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("{not json")
    assert ports.remembered(tmp_path / "ports.json", ["a"])["a"]
