"""Has anything that we pin a known weakness? pip-audit asks PyPI about every pin of every set.

python -m scripts.audit

Exit code 1 when something is found. What could not be audited is counted and printed, and fails nothing: a
mirror may serve packages without their advisories, which pip-audit by itself calls "no known vulnerabilities".
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
ACCEPTED: dict[str, str] = {}
"""Ids of weaknesses that do not concern us, each with its reason."""

_SETS = (
    "requirements/*.txt",
    "functions/*/requirements*.txt",
    "template/*/requirements.txt",
    "deploy/*/*/requirements.txt",
)
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)", re.MULTILINE)
_PATIENCE = 900.0  # seconds

Pin = tuple[str, str]
"""A package and its version."""


@dataclass(slots=True)
class Audit:
    """Weaknesses, and packages that could not be audited."""

    weak: list[str] = field(default_factory=list)
    not_audited: list[str] = field(default_factory=list)

    def add(self, report: dict[str, Any]) -> None:
        """Take in a report of pip-audit's."""
        for package in report["dependencies"]:
            if "skip_reason" in package:
                self.not_audited.append(package["name"])
            for weakness in package.get("vulns", ()):
                known = {weakness["id"], *weakness["aliases"]}
                if not known & ACCEPTED.keys():
                    better = " or ".join(weakness["fix_versions"]) or "no version yet"
                    self.weak.append(f"{package['name']} {package['version']}: {weakness['id']}, mended in {better}")


def pins(texts: Iterable[str]) -> list[list[Pin]]:
    """All pins, in lists that name no package twice: a set apart may pin another version."""
    lists: list[dict[str, str]] = []
    for name, version in sorted({pin for text in texts for pin in _PIN.findall(text)}):
        free = next((one for one in lists if name not in one), None)
        if free is None:
            lists.append(free := {})
        free[name] = version
    return [list(one.items()) for one in lists]


def audit(pinned: list[Pin], result: Audit) -> None:
    """Have pip-audit look at these."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pins.txt"
        path.write_text("".join(f"{name}=={version}\n" for name, version in pinned))
        command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off"]
        try:
            done = subprocess.run(  # noqa: S603 - our own command
                [*command, "--format", "json", "--requirement", str(path)],
                check=False,
                capture_output=True,
                text=True,
                timeout=_PATIENCE,
            )
            result.add(json.loads(done.stdout))
        except (subprocess.TimeoutExpired, ValueError):  # it ends with a traceback when nobody answers
            result.not_audited += [name for name, _ in pinned]


def main() -> int:
    """Audit all pins; the exit code."""
    texts = [path.read_text() for pattern in _SETS for path in sorted(ROOT.glob(pattern))]
    lists, result = pins(texts), Audit()
    for pinned in lists:
        audit(pinned, result)
    for weakness in result.weak:
        print(weakness)
    total, not_audited = sum(map(len, lists)), len(result.not_audited)
    print(f"{len(result.weak)} known weaknesses in {total - not_audited} of {total} pins")
    if not_audited:
        some = ", ".join(result.not_audited[:5])
        print(f"NOT AUDITED: {not_audited} pins; the package index tells nothing about the weaknesses of {some} …")
    return 1 if result.weak else 0


if __name__ == "__main__":
    sys.exit(main())
