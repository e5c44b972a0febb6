"""How our code measures: the figures of the target that CONTRIBUTING.md describes in words.

python -m scripts.measure           Code lines hold a token; docstrings, comments and blanks do not count.
"""

import ast
import io
import token
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[1]
CODE, TESTS = ("feedloop", "functions", "labelling", "local", "simulation", "training", "scripts"), ("tests",)
LAYOUT = {token.NL, token.NEWLINE, token.INDENT, token.DEDENT, token.COMMENT, token.ENCODING, token.ENDMARKER}

Definition = ast.FunctionDef | ast.AsyncFunctionDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """One Python file: its tree, and which of its lines are code."""

    tree: ast.Module
    lines: set[int]

    @property
    def functions(self) -> list[Definition]:
        """Every function, nested ones too."""
        return [node for node in ast.walk(self.tree) if isinstance(node, DEFINITIONS)]

    def length(self, function: Definition) -> int:
        """Code lines of a function, its signature included."""
        return len(self.lines & set(range(function.lineno, (function.end_lineno or 0) + 1)))


def load_source(path: Path) -> Source:
    """A file with its docstrings taken off."""
    text = path.read_text()
    tree = ast.parse(text)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    covered = {n for t in tokens if t.type not in LAYOUT for n in range(t.start[0], t.end[0] + 1)}
    return Source(tree, covered - set(_docstring_lines(tree)))


def _docstring_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from range(node.lineno, (node.end_lineno or 0) + 1)


def sources(folders: tuple[str, ...]) -> list[Source]:
    """Every file that holds any code."""
    files = [load_source(path) for folder in folders for path in sorted(ROOT.glob(f"{folder}/**/*.py"))]
    return [source for source in files if source.lines]


def hints(files: list[Source]) -> list[bool]:
    """For each parameter but self and cls, and each return: whether it is annotated."""
    annotated = []
    for function in (function for file in files for function in file.functions):
        arguments = ast.walk(function.args)
        named = [a for a in arguments if isinstance(a, ast.arg) and a.arg not in ("self", "cls")]
        annotated += [argument.annotation is not None for argument in named] + [function.returns is not None]
    return annotated


def docs(files: list[Source]) -> list[bool]:
    """For each public function: whether it has a docstring."""
    public = [f for file in files for f in file.functions if not f.name.startswith("_")]
    return [ast.get_docstring(function) is not None for function in public]


def broad_handlers(files: list[Source]) -> int:
    """How many handlers catch whatever comes."""
    handlers = [n for file in files for n in ast.walk(file.tree) if isinstance(n, ast.ExceptHandler)]
    return sum(handler.type is None or ast.unparse(handler.type) == "Exception" for handler in handlers)


def percent(answers: list[bool]) -> int:
    """The share of yes."""
    return round(100 * sum(answers) / len(answers))


def main() -> None:
    """Print each figure beside its target."""
    ours, tests = sources(CODE), sources(TESTS)
    sizes = [len(file.lines) for file in ours]
    lengths = [file.length(function) for file in ours for function in file.functions]
    promises = [t.length(f) for t in tests for f in t.functions if f.name.startswith("test_")]
    total = sum(sizes)
    ratio = sum(len(file.lines) for file in tests) / total
    p90 = quantiles(lengths, n=10)[-1]
    print(f"files                 {len(ours)}, {total} code lines")
    print(f"lines per file        {median(sizes):.0f} / {max(sizes)}          target 100 / 300")
    print(f"lines per function    {median(lengths):.0f} / {p90:.0f} / {max(lengths)}     target 10 / 25 / 40")
    print(f"hints                 {percent(hints(ours))} %            target 100 %")
    print(f"documented            {percent(docs(ours))} %            target 80 %")
    print(f"broad handlers        {1000 * broad_handlers(ours) / total:.1f} per 1000   target 1")
    print(f"test code / code      {ratio:.2f}            target 1.3 to 2.5")
    print(f"tests                 {len(promises)}, median {median(promises):.0f} lines   target 10")


if __name__ == "__main__":
    main()
