"""How long does each function take from the start of its process to its first answer? Time, CPU, memory, size.

Each function is laid out as in its image (the template's index.py, the handler and the package beside it, compiled) and
started as its image starts it, without the watchdog, its files in the cache. It is options every two milliseconds until
it answers: predict with a drawing (so the model is loaded), flag and relabel about a prediction, sample, curate and
report with their token and nothing to do. The store runs already. Functions take turns; medians. `CPU s` is of the
server and its worker up to the answer, `worker MB` the worker's peak, `both MB` that of the two together, `import s`
the time of importing index.py in a fresh interpreter, `installed MB` all that the image's requirements bring. Takes
about a minute.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from statistics import median

from benchmarks.shared import deployed, report
from benchmarks.shared.deployed import FUNCTIONS, TEMPLATE, Call
from benchmarks.shared.report import ROOT
from tests.support import servers
from tests.support.servers import Server

STARTS = 7
IMPORT = "import time; began = time.perf_counter(); import index; print(time.perf_counter() - began)"


def main() -> None:
    """Measure, print a table, and write the result beside this script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--starts", type=int, default=STARTS, help="of every function (%(default)s); a result is kept of no fewer"
    )
    options, before = parser.parse_args(), report.conditions()
    with tempfile.TemporaryDirectory() as folder, servers.seaweedfs(Path(folder) / "store") as server:
        results = measure(Path(folder), server, options.starts)
    report.table([{"": name, **row} for name, row in results.items()])
    if options.starts >= STARTS:
        report.keep(
            "start", __doc__, "seaweedfs", {**report.finished(before), "starts": options.starts, "functions": results}
        )


def measure(folder: Path, server: Server, starts: int) -> dict[str, dict[str, float]]:
    """The medians of every function."""
    environment, calls = deployed.environment(folder, server)
    roots = {name: deployed.laid_out(name, folder) for name in FUNCTIONS}
    met: dict[str, list[dict[str, float]]] = {name: [] for name in FUNCTIONS}
    for number, name in enumerate(FUNCTIONS * starts):
        report.say(f"{name}, start {1 + number // len(FUNCTIONS)} of {starts}")
        results = _started(roots[name], environment, calls[name])
        met[name].append({**results, "import s": _imported(roots[name], environment)})
    rows = {name: {what: round(median(one[what] for one in all_), 3) for what in all_[0]} for name, all_ in met.items()}
    return {name: {**row, "installed MB": _installed(name)} for name, row in rows.items()}


def _started(laid_out: Path, environment: dict[str, str], call: Call) -> dict[str, float]:
    port, began = servers.free_ports(1)[0], time.perf_counter()
    with deployed.running(laid_out, environment, port) as process:
        deployed.until_it_answers(port, call)
        took, parts = time.perf_counter() - began, [process, *process.children(recursive=True)]
        peaks = [deployed.held(part, "VmHWM") for part in parts]
        spent = sum(sum(part.cpu_times()[:2]) for part in parts)
    return {"first answer s": took, "CPU s": spent, "worker MB": max(peaks), "both MB": sum(peaks)}


def _imported(laid_out: Path, environment: dict[str, str]) -> float:
    command, env = [sys.executable, "-c", IMPORT], deployed.paths(laid_out, environment)
    return float(subprocess.run(command, cwd=laid_out, env=env, capture_output=True, text=True, check=True).stdout)


def _installed(name: str) -> int:
    texts = (
        path.read_text() for path in (TEMPLATE / "requirements.txt", ROOT / "functions" / name / "requirements.txt")
    )
    packages = {package for text in texts for package in re.findall(r"^([\w-]+)==", text, re.MULTILINE)}
    return round(sum(_bytes(package) for package in packages) / 1e6)


def _bytes(package: str) -> int:
    try:
        files = metadata.distribution(package).files or ()
    except metadata.PackageNotFoundError:  # for another machine
        return 0
    paths = (Path(str(file.locate())) for file in files)
    return sum(path.stat().st_size for path in paths if path.is_file())


if __name__ == "__main__":
    main()
