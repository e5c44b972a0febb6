"""How many words there are for one thing, and how many modules lie between a question and its answer.

python -m scripts.language_figures          Prints every figure, and what was counted for it.

Tests and benchmarks follow the code and do not count. tests/structure/test_language.py says how high each may be.
"""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("feedloop", "functions", "labelling", "local", "simulation", "training")

QUESTION = "functions/report/handler.py"
ROOMS = ("functions/report/", "feedloop/estimation/", "feedloop/evidence/")
"""Where a question for a report begins, and the folders in which its answer is made."""

LATIN = {"handle", "ready", "main", "to_document", "from_document"}
"""Function names that mean the same wherever they stand."""
SEVERAL, MANY = 2, 4
"""Modules that make a class name ambiguous, and a function name vague."""
RUN, THIN = 6, 3
"""A duplicate has so many lines; a line of so few characters says nothing."""

PRIVATE = re.compile(
    "allowance|asked|catalogue|concerned|contender|course|deed|desk|found|honesty|lessons?|look|narrowed|office|opinion"
    "|pace|people|persist|places?|rounds?|said|screen|seen|shelves|shown|slots|story|studio|told|trial|truths|verdicts?"
)
"""Words that only this project understood. ARCHITECTURE.md names the field's."""

RULES: Mapping[str, str] = {
    "replacing a file in one step": r"\b(new|part)\.replace\(",
    "a classifier for a card": r"\b(Onnx|Torch)Classifier\(",
    "the type of `each`": r"Callable\[\[Callable\[\[Any\]",
    "the lease of a trusted caller": r"if trusted else Lease",
    "Wilson's interval": r"def wilson\(",
    "the labelled prefix": r"class LabelledPrefix|in_prefix and\b|takewhile\(",
    "names of queues and datasets": r"[\"'(](randomsampled|lowconfidence|cleanproduction|userfeedback2?)\b",
    "the card of a model that was made": r'"input": .*\.to_document\(',
    "the type of a progress bar": r"(?m)^(Tracked = |class Progress\b)",
    "listing a dataset or its outcomes": r"\.list\(keys\.(dataset_class|dataset_bucket|outcomes)\(",
}
"""What gives away a file that writes a rule; keys.py may, since it spells the names."""

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PRODUCT = re.compile(r"label_?studio", re.IGNORECASE)
_ALIAS = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")


@dataclass(frozen=True)
class Figure:
    """A number that is to fall, and what makes it up."""

    name: str
    value: int
    offenders: tuple[str, ...]

    def __str__(self) -> str:
        return "\n     ".join((f"{self.value:4} {self.name}", *self.offenders))


@dataclass(frozen=True)
class Module:
    """A file of the project, by its path from the root."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All of its syntax."""
        return list(ast.walk(self.tree))

    @property
    def functions(self) -> Iterator[ast.FunctionDef]:
        """Wherever they stand."""
        return (node for node in self.nodes if isinstance(node, ast.FunctionDef))

    @property
    def bound(self) -> Iterator[str]:
        """Every parameter, and every variable and attribute that is set."""
        for node in self.nodes:
            if isinstance(node, ast.arg):
                yield node.arg
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                yield node.id if isinstance(node, ast.Name) else node.attr

    @property
    def has_code(self) -> bool:
        """Whether it is more than a docstring."""
        return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in self.tree.body)

    @cached_property
    def code(self) -> str:
        """The text without docstrings and comments."""
        if not self.path.endswith(".py"):
            return re.sub(r"(?s)/\*.*?\*/", "", self.text)
        return re.sub(r"(?m)(^|\s)#.*$", "", re.sub(r'(?s)""".*?"""', "", self.text))

    @property
    def imports(self) -> Iterator[str]:
        """What it imports, wherever in it: paths without a suffix, whether or not they are ours."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name.replace(".", "/") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = self.path.split("/")[: -node.level] if node.level else []
                base = [*above, *(node.module.split(".") if node.module else ())]
                yield "/".join(base)
                yield from ("/".join([*base, alias.name]) for alias in node.names)


class Project:
    """All that is counted."""

    def __init__(self, root: Path) -> None:
        self.python = _files(root, [f"{package}/**/*.py" for package in PACKAGES])
        self.web = _files(root, ["web/**/*.js", "web/**/*.css"])
        self.arrows: dict[str, set[str]] = {}
        for path, module in self.python.items():
            named = (end for name in module.imports for end in (f"{name}.py", f"{name}/__init__.py"))
            self.arrows[path] = {to for to in named if to in self.python and to != path}

    def below(self, folder: str) -> list[str]:
        """The modules of a folder and its folders."""
        return [path for path, one in self.python.items() if path.startswith(folder) and one.has_code]

    def chain(self, inside: Iterable[str]) -> list[str]:
        """The longest chain of imports among some modules: each stands one floor above the next."""
        among = {path: self.arrows[path] & set(inside) for path in inside}

        def down(path: str, above: tuple[str, ...] = ()) -> list[str]:
            if path in above:
                return []  # a circle
            return [path, *max((down(to, (*above, path)) for to in sorted(among[path])), key=len, default=[])]

        return max(map(down, among), key=len, default=[])


def _files(root: Path, patterns: Iterable[str]) -> dict[str, Module]:
    paths = sorted(path for pattern in patterns for path in root.glob(pattern))
    modules = (Module(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in paths)
    return {module.path: module for module in modules}


def figures(root: Path = ROOT) -> list[Figure]:
    """All figures of a project."""
    project = Project(root)
    return [*_names(project), *_words(project), *_rooms(project), *_rules(project), _runs(project)]


def _names(project: Project) -> Iterator[Figure]:
    classes, public, read, once = defaultdict(set), defaultdict(set), [], []
    for path, module in project.python.items():
        for name in _classes(module):
            classes[name].add(path)
        for name in _public(module):
            public[name].add(path)
        for one in module.functions:
            words = one.body[1:] if ast.get_docstring(one) else one.body
            uses = len(re.findall(rf"\b{one.name}\b", module.text)) - 1
            read += [f"{path}:{one.lineno}"] * (one.name == "read")
            is_private = re.fullmatch(r"_[a-z]\w*", one.name) is not None
            once += [f"{path}:{one.lineno} {one.name}"] * (is_private and len(words) == uses == 1)
    yield _shared("class names of several meanings", classes, SEVERAL)
    yield _counted("functions called `read`", read)
    yield _shared("public names in more than three modules", public, MANY)
    yield _counted("private functions of one statement with one caller", once)


def _classes(module: Module) -> Iterator[str]:
    """Classes and aliases of types."""
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.Name):
            named = (target.id for target in node.targets if isinstance(target, ast.Name))
            yield from (name for name in named if _ALIAS.fullmatch(name))


def _public(module: Module) -> Iterator[str]:
    """Public functions, and the class methods that build something."""
    methods = (one for node in module.tree.body if isinstance(node, ast.ClassDef) for one in node.body)
    built = (one for one in methods if "classmethod" in map(ast.unparse, getattr(one, "decorator_list", ())))
    named = {one.name for one in (*module.tree.body, *built) if isinstance(one, ast.FunctionDef)}
    yield from (name for name in named - LATIN if not name.startswith("_"))


def _words(project: Project) -> Iterator[Figure]:
    bound = {path: Counter(module.bound) for path, module in project.python.items()}
    own = [f"{count['found']} {path}" for path, count in bound.items() if count["found"]]
    yield Figure("`found` bound", sum(count["found"] for count in bound.values()), tuple(own))
    where: dict[str, list[str]] = defaultdict(list)
    for path, module in (*project.python.items(), *project.web.items()):
        names = Counter([Path(path).stem]) if not path.endswith(".css") else Counter[str]()
        if path in bound:
            names += bound[path]
            names += Counter(one.name for one in module.nodes if isinstance(one, ast.ClassDef | ast.FunctionDef))
        for name, count in names.items():
            parts = {part.lower() for part in _PART.findall(_PRODUCT.sub("", name))}
            for word in filter(PRIVATE.fullmatch, parts):
                where[word] += [path] * count
    lines = [
        f"{len(paths)} {word}: {', '.join(f'{path} {count}' for path, count in Counter(paths).items())}"
        for word, paths in sorted(where.items(), key=lambda one: -len(one[1]))
    ]
    yield Figure("private words in identifiers", sum(map(len, where.values())), tuple(lines))


def _rooms(project: Project) -> Iterator[Figure]:
    reached, waiting = set[str](), [QUESTION] if QUESTION in project.python else []
    while waiting:
        path = waiting.pop()
        if path not in reached and project.python[path].has_code:
            reached.add(path)
            waiting += project.arrows[path]
    yield _counted("rooms of a report question", sorted(path for path in reached if path.startswith(ROOMS)))
    for folder in ROOMS:
        inside = project.below(folder)
        yield _counted(f"files of {folder}", inside)
        yield _counted(f"floors of {folder}", project.chain(inside))
    folders: dict[str, list[str]] = defaultdict(list)
    for path in project.below("training/"):
        folders[path.rpartition("/")[0]].append(path)
    largest = sorted(folders.values(), key=len)
    yield _counted("files of training's largest folder", largest[-1] if largest else [])
    highest = sorted(map(project.chain, largest), key=len)
    yield _counted("floors of training's highest folder", highest[-1] if highest else [])


def _rules(project: Project) -> Iterator[Figure]:
    lines = []
    for rule, pattern in RULES.items():
        files = [path for path, one in project.python.items() if re.search(pattern, one.code)]
        files = [path for path in files if path != "feedloop/domain/keys.py"]
        lines += [f"{len(files)} {rule}: {', '.join(files)}"] * (len(files) > 1)
    yield _counted("rules in several files", lines)


def _runs(project: Project) -> Figure:
    """Pairs of files that share lines in a row, to the letter."""
    where: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for path, module in (*project.python.items(), *project.web.items()):
        lines = [line for line in map(str.strip, module.code.splitlines()) if len(line) > THIN]
        lines = [line for line in lines if not line.startswith(("import ", "from ", "//", "*"))]
        for start in range(len(lines) - RUN + 1):
            where[tuple(lines[start : start + RUN])].add(path)
    pairs = {pair for files in where.values() for pair in combinations(sorted(files), 2)}
    return _counted("equal runs", [" ~ ".join(pair) for pair in sorted(pairs)])


def _counted(name: str, offenders: Iterable[str]) -> Figure:
    all_of_them = tuple(offenders)
    return Figure(name, len(all_of_them), all_of_them)


def _shared(name: str, where: Mapping[str, set[str]], least: int) -> Figure:
    shared = sorted(((one, paths) for one, paths in where.items() if len(paths) >= least), key=lambda one: -len(one[1]))
    return _counted(name, [f"{len(paths)} {one}: {', '.join(sorted(paths))}" for one, paths in shared])


if __name__ == "__main__":
    print("\n\n".join(map(str, figures())))
