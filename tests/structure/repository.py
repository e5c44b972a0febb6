"""What the structure tests compare: the repository as it lies on disk."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
HANDLERS = sorted(ROOT.glob("functions/*/handler.py"))
SETS = ("functions/*/requirements*", "template/*/requirements", "deploy/*/*/requirements", "requirements/*")
REQUIREMENTS = sorted(path for pattern in SETS for path in ROOT.glob(f"{pattern}.txt"))


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def tracked(*patterns: str) -> list[Path]:
    """Files that are or will be committed, without those a test run leaves behind."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).exists()]


def headings(path: str) -> set[str]:
    """The second-level headings of a page that are one word."""
    return set(re.findall(r"^## (\w+)$", text(path), re.MULTILINE))


def rows(path: str) -> list[list[str]]:
    """The cells of every table row of a page, without headers and rulers."""
    lines = re.sub(r"^\|.*\n\|[-| :]+\n", "", text(path), flags=re.MULTILINE).splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]
