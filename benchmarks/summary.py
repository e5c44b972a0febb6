"""What did the benchmarks find? One table of all results, which it also writes into README.md beside it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.shared import report

README = report.ROOT / "benchmarks" / "README.md"
BEGIN, END = "<!-- written by python -m benchmarks.summary -->\n", "<!-- until here -->"
NOT_MEASURED = "not measured"

Results = dict[str, Any]


def main() -> None:
    """Print the table and write it down."""
    table = "\n".join([*_lines(), "", *_by_chance()])
    print(table)
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(f"{before}{BEGIN}{table}\n{END}{rest.partition(END)[2]}")


def _lines() -> Iterator[str]:
    yield "| promise | target | SeaweedFS | MinIO | method |"
    yield "|---|---|---|---|---|"
    for promise, target, script, value in ROWS:
        cells = (_cell(script, store, value) for store in report.STORES)
        yield f"| {promise} | {target} | {' | '.join(cells)} | [{script}.py]({script}.py) |"
    yield from (_loads(script) for script in dict.fromkeys(row[2] for row in ROWS))


def _by_chance() -> Iterator[str]:
    """What no store takes part in."""
    results = json.loads((report.RESULTS / "coverage.json").read_text())
    yield "| promise, by 1,000 windows or more each | target | result | method |"
    yield "|---|---|---|---|"
    for promise, target, part, value in CHANCE_ROWS:
        cell = value(results[part]) if part in results else NOT_MEASURED
        yield f"| {promise} | {target} | {cell} | [coverage.py](coverage.py) |"


def _range(what: str, estimate: str) -> Callable[[Results], str]:
    def value(results: Results) -> str:
        each = [row[what] for row in results["rows"] if row["estimate"] == estimate]
        return f"{min(each)} to {max(each)}"

    return value


def _row(name: str, what: str) -> Callable[[Results], str]:
    def value(results: Results) -> str:
        return str(next(row[what] for row in results["rows"] if row[""] == name))

    return value


def _cell(script: str, store: str, value: Callable[[Results], str]) -> str:
    path = report.RESULTS / f"{script}.json"
    results = json.loads(path.read_text()).get(store) if path.exists() else None
    return value(results) if results else NOT_MEASURED


def _loads(script: str) -> str:
    cells = (_cell(script, store, _load) for store in report.STORES)
    return f"| load before {script}, 1, 5 and 15 minutes | | {' | '.join(cells)} | |"


def _load(results: Results) -> str:
    return ", ".join(map(str, results["load average before"]))


def _worst_ratio(results: Results) -> str:
    ratios = {name: row["ratio"] for name, row in results["one at a time"].items()}
    name, ratio = max(ratios.items(), key=lambda one: one[1])
    return f"{min(ratios.values())} to {ratio} ({name})"


def _by_bare(results: Results) -> str:
    ratios = {name: row.get("by bare", "-") for name, row in results["one at a time"].items()}
    told = (f"{ratio} {name.removeprefix('512 px, ')}" for name, ratio in ratios.items() if ratio != "-")
    return ", ".join(told) or NOT_MEASURED


def _by_peers(what: str, clients: int) -> Callable[[Results], str]:
    def value(results: Results) -> str:
        rows = {row[""]: row[f"{what} by the better"] for row in results["rows"]}
        return ", ".join(f"{rows[f'{case} by {clients}']} {case}" for case in ("sure", "unsure"))

    return value


def _rate(case: str) -> Callable[[Results], str]:
    def value(results: Results) -> str:
        by_clients = {count: row["answers/s"] for count, row in results["several visitors"][case].items()}
        return ", ".join(f"{rate:.0f} by {count}" for count, rate in by_clients.items())

    return value


def _growth(case: str, of: str) -> Callable[[Results], str]:
    def value(results: Results) -> str:
        rows = [row for row in results["predict"] if row[""] == case and row["of"] == of]
        return ", ".join(f"{row['ratio']} ({row['quartiles']}) by {row['clients']}" for row in rows)

    return value


def _start(results: Results) -> str:
    return f"{results['functions']['predict']['first answer s']:.2f} s"


def _other_starts(results: Results) -> str:
    others = [row["first answer s"] for name, row in results["functions"].items() if name != "predict"]
    return f"{min(others):.2f} to {max(others):.2f} s"


def _megabytes(*photos: str) -> Callable[[Results], str]:
    def value(results: Results) -> str:
        peaks = {name: [str(row["peak"]) for row in results["megabytes"] if row[""] == name] for name in photos}
        return ", ".join(f"{name}: {' and '.join(alone_and_together)}" for name, alone_and_together in peaks.items())

    return value


def _at_rest(results: Results) -> str:
    rows = results["megabytes"]
    return f"{max(row['first'] for row in rows)}; {max(row['after'] for row in rows)} later"


def _calls(results: Results) -> str:
    return "; ".join(
        f"{row['']}: {', '.join(f'{row[verb]} {verb}' for verb in ('list', 'head', 'copy', 'create') if row[verb])}"
        for row in results["calls"]
    )


def _milliseconds(results: Results) -> str:
    return "; ".join(f"{row['busy']:.0f} ({row['calm']:.0f} out of 1,000)" for row in results["seconds"])


def _idle(results: Results) -> str:
    row = results["nothing new"]
    return f"{row['listings']} lists of {row['pages']} pages, {row['sweep']} s, {row['ratio']} x bare"


def _new(results: Results) -> str:
    row = results["new ones"]
    return f"{row['sweep/s']}/s, bare {row['bare/s']}/s; {row['ratio']} ({row['quartiles']}) x bare"


def _waits(what: str) -> Callable[[Results], str]:
    def value(results: Results) -> str:
        alone, beside = (results[when][what] for when in ("alone", "beside a sweep"))
        return (
            f"{alone['p50']}, {alone['p95']}; beside sweeps of {results['curated']:,} {beside['p50']}, {beside['p95']}"
        )

    return value


def _submits(results: Results) -> str:
    alone, untold = (results[when]["submit"] for when in ("alone", "nobody takes events"))
    return f"{alone['p50']}, {alone['p95']}; {untold['p50']}, {untold['p95']}"


def _synced(what: str) -> Callable[[Results], str]:
    def value(results: Results) -> str:
        return f"{results[what]['median s']} s, {results[what]['longest s']} at the longest"

    return value


def _report(row: str) -> Callable[[Results], str]:
    def value(results: Results) -> str:
        lines = next(one for one in results["reports"] if one[""] == row)
        return f"{lines['s']} s; CPU {lines['CPU s']} s, store's {lines['store CPU s']} s; {lines['MB']} MB"

    return value


SURE, UNSURE = "512 px, sure", "512 px, unsure"
ROWS: list[tuple[str, str, str, Callable[[Results], str]]] = [
    ("predict by its floor, p50", "at most 1.3", "predict", _worst_ratio),
    ("predict by bare parts, 512 px, p50", "at most 1.3", "predict", _by_bare),
    ("p50 by the better of LitServe and BentoML, 512 px, by 1", "at most 0.8", "peers", _by_peers("p50", 1)),
    ("answers/s by the better of them, by 4", "at least 1.5", "peers", _by_peers("answers/s", 4)),
    ("answers/s, 512 px, sure, by visitors", "80", "predict", _rate(SURE)),
    ("answers/s, 512 px, unsure, by visitors", "55", "predict", _rate(UNSURE)),
    ("p50 with 100,000 stored by none, sure", "1 within noise", "grown", _growth(SURE, "p50 ms")),
    ("p50 with 100,000 stored by none, unsure", "1 within noise", "grown", _growth(UNSURE, "p50 ms")),
    ("answers/s with 100,000 stored by none, sure", "1 within noise", "grown", _growth(SURE, "answers/s")),
    ("answers/s with 100,000 stored by none, unsure", "1 within noise", "grown", _growth(UNSURE, "answers/s")),
    ("store calls of a sample of 5", "11 lists, 2 per task", "sample", _calls),
    ("sample of 5 out of 100,000, ms, new; again", "none", "sample", _milliseconds),
    ("sweep with 20,000 curated, nothing new", "lists only", "sweep", _idle),
    ("sweep of 2,000 new", "none", "sweep", _new),
    ("report over 1,000,000 from days' files", "120 s, 300 MB", "report", _report("thirty days, from files")),
    ("report over 100,000 by listing", "none", "report", _report("ten days, listed")),
    ("report over yesterday's 10,000", "2 s", "report", _report("yesterday, from files")),
    ("start to the first answer, predict", "1.5 s", "start", _start),
    ("start to the first answer, the others", "0.7 s", "start", _other_starts),
    ("predict's megabytes at rest", "300", "memory", _at_rest),
    ("predict's most megabytes, one and 4 at once", "300", "memory", _megabytes("512 px", "12 MP", "12 MP rotated")),
    ("the same, 40 MP", "none", "memory", _megabytes("40 MP", "40 MP progressive", "40 MP rotated")),
    ("the same, other types", "none", "memory", _megabytes("12 MP PNG", "12 MP WebP")),
    ("flag to its task in Label Studio, s, p50, p95", "p95 at most 5", "annotating", _waits("flag to task")),
    ("submit to the picture in its dataset, s, p50, p95", "p95 at most 5", "annotating", _waits("submit to dataset")),
    ("sync of 1,000 new tasks", "20 s", "sync", _synced("new ones")),
    ("sync with nothing new and 10,000 known", "1 s", "sync", _synced("nothing new, comparing")),
    ("submit itself, s, p50, p95; while nobody takes events", "the same", "annotating", _submits),
]

CHANCE_ROWS: list[tuple[str, str, str, Callable[[Results], str]]] = [
    ("accuracy: coverage of its 95 % interval", "94 to 98", "overall", _range("coverage", "reported")),
    ("the same, were all days pooled", "none", "overall", _range("coverage", "pooled")),
    ("the same, were all queues pooled", "none", "overall", _range("coverage", "queues pooled")),
    ("accuracy: bias in points", "-0.5 to 0.5", "overall", _range("bias", "reported")),
    ("the same, were all days pooled", "none", "overall", _range("bias", "pooled")),
    ("the same, were all queues pooled", "none", "overall", _range("bias", "queues pooled")),
    ("precision of a class: coverage", "94 to 98", "classes", _range("coverage", "precision")),
    ("recall of a class: coverage", "94 to 98", "classes", _range("coverage", "recall")),
    ("random labels for ±5 points, by a plain sample's", "at most 0.5", "labels", _row("usual", "ratio")),
    ("equal model released, % (8 of 100 answers differ)", "at least 80", "gate", _row("equal, 8 of 100", "released")),
    ("model 3 points worse released, %", "at most 5", "gate", _row("3 points worse, 8 of 100", "released")),
]


if __name__ == "__main__":
    main()
