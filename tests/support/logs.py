"""Which logs a failed test shows: what every server that runs here wrote since the test began."""

from pathlib import Path

_LINES = 60
_sizes: dict[Path, int] = {}
_watched: list[Path] = []


def watch(path: Path) -> None:
    """Show this log, or all `*.log` of this folder, with each test that fails from now on."""
    _watched.append(path)


def watched() -> int:
    """How many logs were ever watched: one for each server that was started or shared."""
    return len(_watched)


def begin() -> None:
    """A test begins: what is in the logs already is not its own."""
    _sizes.clear()
    _sizes.update({path: path.stat().st_size for path in _files()})


def since_begin() -> list[tuple[str, str]]:
    """Name and last lines of each log that grew since the test began."""
    grown = ((path, _added(path)) for path in _files())
    return [(f"{path.parent.name}/{path.name}", text) for path, text in grown if text]


def _added(path: Path) -> str:
    with path.open("rb") as log:
        log.seek(_sizes.get(path, 0))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-_LINES:])


def _files() -> list[Path]:
    found = (sorted(path.glob("*.log")) if path.is_dir() else [path] for path in dict.fromkeys(_watched))
    return [path for paths in found for path in paths if path.exists()]
