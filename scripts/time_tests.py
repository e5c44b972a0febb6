"""How long does each folder of tests take? The table of CONTRIBUTING.md, measured again.

python -m scripts.time_tests            every folder, one after the other, one worker each
python -m scripts.time_tests local web  these only

Wall is the time of one pytest; CPU is what the whole machine spent in that time, servers included, so
nothing else should run. `make test` runs the folders beside each other.
"""

import subprocess
import sys
import time
from pathlib import Path

import psutil

TESTS = Path(__file__).parents[1] / "tests"


def main() -> int:
    """Print a row for each folder as it ends; exit code 1 when tests failed."""
    names = sys.argv[1:] or sorted({path.parent.name for path in TESTS.glob("*/test_*.py")})
    print("| tests/ | wall s | CPU s |\n|---|--:|--:|")
    codes = [_row(name) for name in names]
    return int(any(codes))


def _row(name: str) -> int:
    began, before = time.monotonic(), _busy()
    command = [sys.executable, "-m", "pytest", "-q", f"tests/{name}"]
    done = subprocess.run(command, cwd=TESTS.parent, check=False, capture_output=True, text=True)  # noqa: S603
    print(f"| {name} | {time.monotonic() - began:.0f} | {_busy() - before:.0f} |", flush=True)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
    return done.returncode


def _busy() -> float:
    """Seconds that all cores together have worked since the machine started."""
    spent = psutil.cpu_times()
    return float(spent.user + spent.system)


if __name__ == "__main__":
    sys.exit(main())
