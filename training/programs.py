"""Somebody's own program, run to its end: without our secrets, its log kept, and ended with all that it started."""

import os
import re
import selectors
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import IO

from feedloop.domain.errors import BadRequest

PATIENCE = (10.0, 5.0)
"""Seconds that a program has after an interrupt, and after a polite kill, before the next."""

ROOT = str(Path(__file__).resolve().parents[1])

_SECRET = re.compile(r"SECRET|TOKEN|PASSW|CREDENTIAL|PRIVATE|(^|_)(API|ACCESS)?_?KEYS?(_|$)|^(S3|AWS)_", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"://[^/\s@]+:[^/\s@]+@")
_LONGEST_LINE = 10_000
_TICK = 0.2

OnText = Callable[[str, bool], None]
"""Called with each line of the log; with False for one that the program is going to write over, as progress bars do."""


def parse_command(text: str) -> list[str]:
    """The program and its arguments, from a path or a command line. Raises BadRequest when it cannot be run."""
    try:
        words = [text] if Path(text).is_file() else shlex.split(text)
    except ValueError as error:
        raise BadRequest(f"--with {text!r} cannot be understood: {error}.") from error
    if not words:
        raise BadRequest("--with names no program: give the path of one.")
    path = Path(words[0]).expanduser()
    program = shutil.which(str(path.absolute()) if path.is_file() else words[0])
    if program:
        return [program, *words[1:]]
    if path.is_file():
        other = f"--with 'python {path}'" if path.suffix == ".py" else f"--with 'sh {path}'"
        raise BadRequest(f"{path} is not executable: `chmod +x {path}`, or say {other}.")
    where = "a folder" if path.is_dir() else "neither a file nor a program on PATH"
    raise BadRequest(f"--with {words[0]}: that is {where}.")


def name_of(command: list[str]) -> str:
    """What to call a program: the script's name where there is one, without arguments, which may hold secrets."""
    script = next((word for word in command[1:] if Path(word).is_file()), command[0])
    return Path(script).name


def without_secrets(environment: Mapping[str, str], keep: tuple[str, ...] = ()) -> dict[str, str]:
    """The environment without what looks like a secret, but for those that are to be kept, and without our own modules.

    A secret is told by its name (key, token, password and the like, all of S3 and AWS), or by a password in an address.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name in keep or not (_SECRET.search(name) or _PASSWORD_IN_URL.search(value))
    }
    folders = [folder for folder in kept.pop("PYTHONPATH", "").split(os.pathsep) if folder and folder != ROOT]
    return {**kept, **({"PYTHONPATH": os.pathsep.join(folders)} if folders else {})}


def run_program(command: list[str], environment: Mapping[str, str], log: Path, on_text: OnText) -> int:
    """Run a program; its exit code, negative for the signal that ended it. Its output goes to `log` and `on_text`.

    It is the leader of a process group of its own. Ctrl-C, SIGTERM and SIGHUP are passed on to the group, which is then
    ended in any case, before KeyboardInterrupt is raised. What it leaves running at its end is ended too. Raises
    BadRequest when the system cannot run it.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - it is what the user asked for
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environment, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
    except OSError as error:
        hint = "does it begin with a line such as #!/bin/sh, and is that program there?"
        raise BadRequest(f"{command[0]} cannot be run: {error.strerror}; {hint}") from error
    if process.stdout is None:
        raise RuntimeError("a pipe was asked for")
    with process.stdout, log.open("wb") as file, _interruptible():
        output = _Output(process, process.stdout, file, on_text)
        try:
            output.follow()
        except KeyboardInterrupt:
            with suppress(KeyboardInterrupt, ProcessLookupError):  # a second one cuts its time short
                for end, patience in zip((signal.SIGINT, signal.SIGTERM), PATIENCE, strict=True):
                    os.killpg(process.pid, end)
                    if output.follow(monotonic() + patience):
                        break
            raise
        finally:
            _kill(process)
            process.wait()
    return process.returncode


class _Output:
    """What a program writes, until it has ended: what it started may hold the pipe open for longer."""

    def __init__(self, process: "subprocess.Popen[bytes]", pipe: IO[bytes], file: IO[bytes], on_text: OnText) -> None:
        self._process, self._pipe, self._file, self._on_text, self._line = process, pipe, file, on_text, b""

    def follow(self, until: float = float("inf")) -> bool:
        """Copy it until the program has ended, or until a time; whether it has ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            while monotonic() < until:
                # Without taking note of its end: until then nobody else gets its number, nor its group.
                ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
                if ended:
                    _kill(self._process)
                ready = selector.select(0 if ended else _TICK)
                chunk = os.read(self._pipe.fileno(), 1 << 16) if ready else b""
                if ready and not chunk:
                    selector.unregister(self._pipe)  # closed by all who had it
                self._write(chunk)
                if ended and not chunk:
                    self._show(self._line)
                    return True
        return False

    def _write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._file.flush()
        *lines, self._line = re.split(rb"(?<=\n)|(?<=\r)(?!\n)", self._line + chunk)
        if len(self._line) > _LONGEST_LINE:
            lines, self._line = [*lines, self._line], b""
        for line in lines:
            self._show(line)

    def _show(self, line: bytes) -> None:
        if line:
            self._on_text(line.decode(errors="replace").rstrip("\r\n"), not line.endswith(b"\r"))


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End its whole group; to be called before it is waited for, as long as nobody else can have its number."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Have a polite kill and a closed terminal raise KeyboardInterrupt as well."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(end, signal.default_int_handler) for end in ends]
    try:
        yield
    finally:
        for end, handler in zip(ends, before, strict=True):
            signal.signal(end, handler)
