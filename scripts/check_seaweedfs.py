"""Build SeaweedFS from its makers' repository as the packager of the wheel does, and compare the programs bit for bit.

git clone --branch 4.48 <SeaweedFS's repository> /tmp/seaweedfs
python -m scripts.check_seaweedfs /tmp/seaweedfs

For whoever pins another version of the wheel (docs/decisions/0019): some minutes, and Go 1.21 or newer on PATH, which
fetches the very Go that the packager had. Nothing is installed.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

FLAGS = "-s -w -extldflags -static -X github.com/seaweedfs/seaweedfs/weed/util/version.COMMIT=pypi"
"""Of the packager's build script; a program does not tell them."""
_BUILD_INFO = re.compile(
    r"^.*: (?P<go>go[\d.]+)$|\bvcs\.revision=(?P<revision>[0-9a-f]+)|-tags=(?P<tags>\S+)", re.MULTILINE
)


class OtherProgramError(Exception):
    """What the wheel brings is not shown to be its makers' program, and why."""


def compare(clone: Path, weed: Path) -> str:
    """What was shown. Raises OtherProgramError."""
    build_info = {
        name: text
        for match in _BUILD_INFO.finditer(_run("go", "version", "-m", str(weed)))
        for name, text in match.groupdict().items()
        if text
    }
    if missing := {"go", "revision", "tags"} - set(build_info):
        raise OtherProgramError(f"{weed} does not tell its {' and '.join(sorted(missing))}")
    there = _run("git", "rev-parse", "HEAD", cwd=clone).strip()
    if there != build_info["revision"]:
        raise OtherProgramError(f"{weed} says it is built from {build_info['revision']}, and {clone} is at {there}")
    if changed := _run("git", "status", "--porcelain", cwd=clone):
        raise OtherProgramError(f"{clone} is not as its makers left it: {changed.splitlines()[0]}")
    names = _run("git", "log", "-1", "--format=%D, %s", cwd=clone).strip()
    with TemporaryDirectory() as folder:
        built = Path(folder, "weed")
        _build(clone, built, build_info)
        sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (weed, built)]
    if sums[0] != sums[1]:
        raise OtherProgramError(f"the wheel's program has the SHA-256 {sums[0]}, the one built here {sums[1]}")
    return f"{weed} is the program of {there} ({names}), built with {build_info['go']}: SHA-256 {sums[0]}"


def _build(clone: Path, target: Path, build_info: dict[str, str]) -> None:
    as_there = {"GOTOOLCHAIN": build_info["go"], "CGO_ENABLED": "0", "GODEBUG": "http2client=0"}
    tags = build_info["tags"]
    words = ("build", "-buildvcs=true", "-o", str(target), "-trimpath", "-ldflags", FLAGS, "-tags", tags, "./weed")
    _run("go", *words, cwd=clone, **as_there)


def _run(*command: str, cwd: Path | None = None, **variables: str) -> str:
    environment = {**os.environ, **variables}
    try:
        done = subprocess.run(  # noqa: S603 - Go and git
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=True
        )
    except FileNotFoundError as error:
        raise OtherProgramError(f"{command[0]} is not on PATH, or the clone is not there") from error
    except subprocess.CalledProcessError as error:
        raise OtherProgramError(f"{' '.join(command[:2])} failed: {error.stderr.strip()[-500:]}") from error
    return done.stdout


def main(arguments: list[str]) -> int:
    """The exit code: 0 when they are the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path, help="the makers' repository, at the revision of that version")
    parser.add_argument("--weed", type=Path, default=Path(sys.executable).with_name("weed"), help="of the wheel")
    options = parser.parse_args(arguments)
    try:
        print(compare(options.clone, options.weed))
    except OtherProgramError as error:
        print(f"Not shown: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
