"""A plugin of pytest: a failed test shows what servers wrote while it ran, and one that starts its own says why."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_LINES = 60
_watched: list[Path] = []
_of_many = 0
_begun = 0
_sizes: dict[Path, int] = {}


def watch(path: Path) -> None:
    """A server starts, or is shared: from now on a failed test shows this log, or all `*.log` of this folder."""
    _watched.append(path)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """What is in the logs already is not this test's."""
    global _begun  # noqa: PLW0603  # one per worker, as the hooks of pytest are
    _begun = _started()
    _sizes.clear()
    _sizes.update({path: path.stat().st_size for path in _files()})


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
    """A server of a wider scope is not the own one of the test that happens to come first."""
    if fixturedef.scope == "function":
        return (yield)
    with _for_many():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge and complete what is told of a test."""
    report = yield
    own = _started() - _begun
    if report.passed and call.when == "call" and own and not item.get_closest_marker("slow"):
        report.outcome = "failed"
        report.longrepr = f'it starts {own} servers of its own: share one, or say why by @pytest.mark.slow("...")'
    if report.failed:
        report.sections += [(f"Log of {name}", text) for name, text in _since_begin()]
    return report


@contextmanager
def _for_many() -> Iterator[None]:
    """Servers that start meanwhile are nobody's own."""
    global _of_many  # noqa: PLW0603
    before = _started()
    try:
        yield
    finally:
        _of_many = len(_watched) - before


def _started() -> int:
    return len(_watched) - _of_many


def _since_begin() -> list[tuple[str, str]]:
    """Name and last lines of each log that grew since the test began."""
    grown = ((path, _added(path)) for path in _files())
    return [("/".join(path.parts[-3:]), text) for path, text in grown if text]


def _added(path: Path) -> str:
    with path.open("rb") as log:
        log.seek(_sizes.get(path, 0))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-_LINES:])


def _files() -> list[Path]:
    listed = (sorted(path.glob("*.log")) if path.is_dir() else [path] for path in dict.fromkeys(_watched))
    return [path for paths in listed for path in paths if path.exists()]
