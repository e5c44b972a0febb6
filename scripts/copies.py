"""A copy of the tree for one change at a time, and the tests that run there: for plant_bugs.py and random_bugs.py."""

import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pytest

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

Task = TypeVar("Task")
Result = TypeVar("Result")

ROOT = Path(__file__).parents[1]
PASSED, ASSERTED, CRASHED, HUNG, UNFIT = "passed", "assertion", "crash", "hang", "UNFIT"
CAUGHT = {ASSERTED, CRASHED, HUNG}
OWN = ("feedloop", "functions", "labelling", "local", "scripts", "simulation", "tests", "training")

_PATIENCE = 600.0  # seconds for tests in a process of their own
_EACH, _WAITING = 20, 90  # seconds of computing, and of anything, for one test in a prepared process
_MEMORY = 4 << 30
_PREPARED = ("boto3", "flask", "hypothesis", "numpy", "onnxruntime", "PIL.Image", "requests", "yaml")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of running tests: whether they passed, or how the first that did not failed, and which that was."""

    kind: str
    detail: str = ""

    @property
    def caught(self) -> bool:
        """Whether a test has noticed."""
        return self.kind in CAUGHT


def tracked() -> list[str]:
    """Every file that git knows and that is there."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S607
    return [name for name in listing.split("\0") if name and (ROOT / name).is_file()]


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of every tracked file as it is now, which nobody else sees."""
    with TemporaryDirectory(prefix="planted-", ignore_cleanup_errors=True) as folder:
        for name in tracked():
            target = Path(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        for command in (["git", "init", "-q"], ["git", "add", "-A"]):  # some tests ask git for all files
            subprocess.run(command, cwd=folder, check=True)  # noqa: S603
        yield Path(folder)


def environment() -> dict[str, str]:
    """Of tests in a copy: the same cases each time, nothing left behind."""
    kept = {name: value for name, value in os.environ.items() if name != "SOAK"}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}


def run(tests: str, folder: Path) -> Outcome:
    """Run what stands on pytest's command line in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-rfE", *shlex.split(tests)]
    where = {"cwd": folder, "env": environment(), "start_new_session": True}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, text=True, **where, **pipes) as process:  # type: ignore[call-overload]  # noqa: S603
        try:
            output, _ = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return Outcome(HUNG, tests)
    failed = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if process.returncode == pytest.ExitCode.OK:
        return Outcome(PASSED)
    if process.returncode == pytest.ExitCode.TESTS_FAILED and failed:
        name, _, why = failed[0].partition(" ")[2].partition(" - ")
        return Outcome(ASSERTED if why.startswith(("assert", "AssertionError", "Failed:")) else CRASHED, name)
    return Outcome(UNFIT, output.strip().rpartition("\n")[2])


class Prepared:
    """Runs chosen tests of a copy in a fork of this process, which has imported what they need apart from our code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        os.environ.pop("SOAK", None)
        os.environ |= {"PYTHONDONTWRITEBYTECODE": "1"}
        for name in _PREPARED:
            import_module(name)
        self._context = get_context("fork")

    def collect(self, tests: Sequence[str]) -> None:
        """Compile tests once, so that no run has to."""
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *tests]
        compiling = {name: value for name, value in environment().items() if name != "PYTHONDONTWRITEBYTECODE"}
        subprocess.run(command, cwd=self.folder, env=compiling, check=False, stdout=subprocess.DEVNULL)  # noqa: S603

    def run(self, tests: Sequence[str]) -> Outcome:
        """Run tests, by their ids, in this order, up to the first that fails."""
        if not tests:
            return Outcome(PASSED)
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_run_chosen, args=(self.folder, tests, sender))
        process.start()
        sender.close()
        try:
            outcome = Outcome(*receiver.recv())
        except EOFError:
            outcome = Outcome(UNFIT, "the process died")
        process.join()
        return outcome


def _run_chosen(folder: Path, tests: Sequence[str], answer: Connection) -> None:
    """In the fork: become a process that was started in the copy."""
    os.setsid()
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    sys.path[:] = [str(folder), *(entry for entry in sys.path if Path(entry or ".").resolve() not in {ROOT, folder})]
    for name in [name for name in sys.modules if name.partition(".")[0] in OWN]:
        del sys.modules[name]
    with Path(os.devnull).open("r+") as nowhere:
        for stream in (0, 1, 2):
            os.dup2(nowhere.fileno(), stream)
    chosen = Chosen(tests, answer)
    files = list(dict.fromkeys(name.partition("::")[0] for name in tests))
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider"]
    code = pytest.main(["-x", "-q", *quiet, *files], plugins=[chosen])
    chosen.report(Outcome(PASSED) if code == pytest.ExitCode.OK else Outcome(UNFIT, f"pytest ended with {code}"))


class Chosen:
    """A plugin of pytest: runs these tests in this order, and tells at once which one failed, and how."""

    def __init__(self, tests: Sequence[str], answer: Connection) -> None:
        self._rank = {name: number for number, name in enumerate(tests)}
        self._answer = answer
        self._running = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the others out."""
        items[:] = sorted((i for i in items if i.nodeid in self._rank), key=lambda item: self._rank[item.nodeid])

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Bound what one test may compute, and how long it may wait."""
        self._running = item.nodeid
        for clock, sign, seconds in (
            (signal.ITIMER_VIRTUAL, signal.SIGVTALRM, _EACH),
            (signal.ITIMER_REAL, signal.SIGALRM, _WAITING),
        ):
            signal.signal(sign, self._hung)
            signal.setitimer(clock, seconds)
        return (yield)

    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[Any]) -> None:
        """The first failure decides."""
        assert call.excinfo is not None  # noqa: S101 - pytest calls this for exceptions alone
        asserted = issubclass(call.excinfo.type, AssertionError | pytest.fail.Exception)
        self.report(Outcome(ASSERTED if asserted else CRASHED, node.nodeid))

    def report(self, outcome: Outcome) -> NoReturn:
        """Answer and end; nothing of the copy needs to be cleaned up."""
        self._answer.send((outcome.kind, outcome.detail))  # the class was imported anew for the copy
        os._exit(0)

    def _hung(self, _sign: int, _frame: FrameType | None) -> NoReturn:
        self.report(Outcome(HUNG, self._running))


def each(
    work: Callable[[Prepared, Task], Result], tasks: Sequence[Task], *, jobs: int, collect: Sequence[str] = ()
) -> Iterator[Result]:
    """Do this for each task, some at a time, each in a copy of its own; results come in the order of the tasks."""
    context = get_context("fork")
    folders: SimpleQueue[Path] = context.SimpleQueue()
    with ExitStack() as stack:
        for _ in range(jobs):
            folders.put(stack.enter_context(copied()))
        with ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(folders, collect)) as pool:
            yield from pool.map(_work, [work] * len(tasks), tasks)


_ours: list[Prepared] = []
"""In a process of `each`: its copy."""


def _begin(folders: "SimpleQueue[Path]", collect: Sequence[str]) -> None:
    _ours.append(Prepared(folders.get()))
    if collect:
        _ours[0].collect(collect)


def _work(work: Callable[[Prepared, Task], Result], task: Task) -> Result:
    return work(_ours[0], task)
