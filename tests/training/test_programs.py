"""Somebody's own program: found or refused at once, run without our secrets, shown, and ended with all it started."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from feedloop.domain.errors import BadRequest
from training import programs


@pytest.fixture
def script(tmp_path):
    def write(text, *, mode=0o755, name="my train.sh"):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(mode)
        return path

    return write


def run(path, log, environment=os.environ):
    shown = []
    code = programs.run_program([str(path)], environment, log, lambda text, whole: shown.append((text, whole)))
    return code, shown


def test_a_program_is_a_path_or_a_command_line(script, tmp_path, monkeypatch):
    path = script("true")
    monkeypatch.chdir(tmp_path)
    assert programs.parse_command(str(path)) == programs.parse_command("my train.sh") == [str(path)]
    assert programs.parse_command("sh -c 'exit 3'")[1:] == ["-c", "exit 3"]
    assert programs.name_of(["/bin/sh", path.name, "--key=1"]) == path.name
    assert programs.name_of(["/bin/sh", "-c", "exit"]) == "sh"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no program"),
        ("'a", "cannot be understood"),
        ("no-such-program", "neither a file nor"),
        ("/tmp", "a folder"),
    ],
)
def test_what_is_no_program_is_told(text, says):
    with pytest.raises(BadRequest, match=says):
        programs.parse_command(text)


def test_a_file_that_may_not_be_run_is_told_with_what_to_do(script):
    with pytest.raises(BadRequest, match=r"chmod \+x .*--with 'python"):
        programs.parse_command(str(script("true", mode=0o644, name="train.py")))


def test_a_file_that_nothing_interprets_is_told(script, tmp_path):
    path = script("true")
    path.write_text("true\n")
    with pytest.raises(BadRequest, match="#!/bin/sh"):
        run(path, tmp_path / "log")


def test_its_output_is_shown_as_it_comes_and_kept(script, tmp_path):
    code, shown = run(script(r"printf 'one\n50%%\r'; printf 'a\377\nlast' >&2; exit 7"), tmp_path / "log")
    assert (code, shown) == (7, [("one", True), ("50%", False), ("a\ufffd", True), ("last", True)])
    assert (tmp_path / "log").read_bytes() == b"one\n50%\ra\xff\nlast"


def test_a_signal_that_ends_it_is_told(script, tmp_path):
    assert run(script("kill -9 $$"), tmp_path / "log")[0] == -signal.SIGKILL


def test_what_it_leaves_running_is_ended_with_it(script, tmp_path):
    os.mkfifo(tmp_path / "held")
    held = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    assert run(script(f"(sleep 60; echo lives) > '{tmp_path}/held' &"), tmp_path / "log")[0] == 0
    os.set_blocking(held, True)
    assert os.read(held, 9) == b""  # nobody holds it any more
    os.close(held)


@pytest.mark.parametrize(
    "name",
    ["S3_SECRET_KEY", "S3_ACCESS_KEY", "AWS_SESSION_TOKEN", "HF_TOKEN", "DB_PASSWORD", "WANDB_API_KEY", "apikey"],
)
def test_it_sees_no_secret_but_those_that_it_is_to_have(name):
    assert programs.without_secrets({name: "x", "PATH": "/bin", "KEYBOARD": "de"}) == {"PATH": "/bin", "KEYBOARD": "de"}
    assert name in programs.without_secrets({name: "x"}, (name,))


def test_an_address_with_a_password_is_a_secret_and_our_modules_are_not_its():
    address = {"HTTPS_PROXY": "http://me:secret@proxy:3128"}
    assert programs.without_secrets(address | {"PYTHONPATH": f"{programs.ROOT}:/own"}) == {"PYTHONPATH": "/own"}


RUNS = """
import sys
from pathlib import Path
from training import programs
programs.PATIENCE = (20.0, 0.5)
programs.run_program([sys.argv[1]], {}, Path(sys.argv[2]), lambda text, whole: print(text, flush=True))
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_is_passed_on_and_ends_both(script, tmp_path, end):
    path = script("trap 'echo saved; exit 1' INT\necho began\nsleep 1000 & wait")
    command = [sys.executable, "-c", RUNS, str(path), str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "began\n"
        process.send_signal(end)
        assert process.stdout.readline() == "saved\n"
        assert process.wait(30)


def test_who_ignores_an_interrupt_is_ended_all_the_same(script, tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "PATIENCE", (0.3, 0.3))
    path = script("trap '' INT TERM\necho $$\nwhile true; do sleep 0.1; done")
    shown = []

    def on_text(text, _whole):
        shown.append(text)
        threading.Timer(0, signal.raise_signal, [signal.SIGINT]).start()

    with pytest.raises(KeyboardInterrupt):
        programs.run_program([str(path)], os.environ, tmp_path / "log", on_text)
    assert not Path(f"/proc/{shown[0]}").exists()
