"""Small changes that turn a module into a wrong one: what random_bugs.py draws from.

Each is found by walking the syntax tree, and written into the text where it stands, so that a diff shows it alone.
What nobody may be promised is left out by rule: docstrings, annotations, types that only a checker sees, texts of logs
and errors, and what a decorator says about a class.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_TWIN = {"min": "max", "max": "min", "any": "all", "all": "any"}
_LEAVES = (ast.Raise, ast.Return, ast.Continue, ast.Break)
_SILENT = {"event", "zip", "token_hex", "lru_cache"}
"""Calls whose arguments nobody is promised: log lines, `strict=` of zip, how long chance is, sizes of caches."""

_SYMMETRIC = {"equal", "hypot", "isclose", "max", "min", "not_equal"}
"""Calls to which the order of their arguments says nothing."""
_FOR_READERS = {"annotation", "returns", "bases", "decorator_list"}

Change = tuple[str, ast.AST, str]
"""What kind of change, where, and the new text."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module."""

    path: Path
    kind: str
    first: int
    """Line of the statement's begin; a test that reaches the change reaches one of these lines."""
    last: int
    start: int
    """Offset in bytes."""
    end: int
    new: str

    def text(self, source: bytes) -> bytes:
        """The module with the change."""
        return source[: self.start] + self.new.encode() + source[self.end :]

    def named(self, source: bytes) -> str:
        """How a list of harmless ones names it, whatever stands around it."""
        line = source[source.rfind(b"\n", 0, self.start) + 1 :].partition(b"\n")[0].decode().strip()
        old = " ".join(source[self.start : self.end].decode().split())
        return f"{self.path} | {line} | {old} -> {self.new}"


def mutants(path: Path, source: bytes) -> list[Mutant]:
    """Every change of a module, in the order of its text."""
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    changes = [
        Mutant(
            path,
            kind,
            first,
            last,
            lines[node.lineno - 1] + node.col_offset,  # type: ignore[attr-defined]
            lines[node.end_lineno - 1] + node.end_col_offset,  # type: ignore[attr-defined]
            new,
        )
        for first, last, (kind, node, new) in _statements(ast.parse(source).body)
    ]
    return sorted(changes, key=lambda one: (one.start, one.end, one.kind, one.new))


def _statements(body: list[ast.stmt]) -> Iterator[tuple[int, int, Change]]:
    """All changes, with the lines of the statement that they are in; of a compound one, of its head."""
    for node in body:
        if _is_without_effect(node):
            continue
        inner = [child for name in ("body", "orelse", "handlers", "finalbody") for child in getattr(node, name, [])]
        last = min([child.lineno - 1 for child in inner] or [node.end_lineno or node.lineno])
        head = node.lineno, max(node.lineno, last)
        for change in (*_of_statement(node), *_of_expressions(node, inner)):
            yield *head, change
        for block in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, block, []))
        for handler in getattr(node, "handlers", []):
            if handler.type is not None:
                yield handler.lineno, handler.lineno, ("except", handler.type, "()")
            yield from _statements(handler.body)


def _is_without_effect(node: ast.stmt) -> bool:
    """Docstrings, types and logs."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.ClassDef):
        return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) or _called(node.value) == "event"
    if isinstance(node, ast.FunctionDef):
        return node.name == "__repr__"
    return isinstance(node, ast.Import | ast.ImportFrom)


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _of_statement(node: ast.stmt) -> Iterator[Change]:
    match node:
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Delete() | ast.Raise():
            yield "deleted", node, "pass"
        case ast.Continue():
            yield "break", node, "break"
        case ast.Break():
            yield "continue", node, "continue"
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            yield "returned", value, "None"
        case ast.If(test=test, body=[*_, last], orelse=[]) if isinstance(last, _LEAVES):
            yield "guard", test, "False"
            yield "negated", test, f"not ({ast.unparse(test)})"
        case ast.If(test=test) | ast.While(test=test):
            yield "negated", test, f"not ({ast.unparse(test)})"


def _of_expressions(statement: ast.stmt, inner: list[ast.AST]) -> Iterator[Change]:
    """Changes of what stands in a statement, without the statements in it."""
    for child in _meant(statement):
        if child not in inner:
            yield from _of_tree(child)


def _of_tree(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.JoinedStr):  # Python 3.11 does not say where something in an f-string stands
        return
    yield from _of_expression(node)
    if _called(node) not in _SILENT:
        for child in _meant(node):
            yield from _of_tree(child)


def _meant(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that a running program looks at."""
    for name, value in ast.iter_fields(node):
        if name not in _FOR_READERS and not (isinstance(node, ast.Raise) and name == "cause"):
            several = value if isinstance(value, list) else [value]
            yield from (child for child in several if isinstance(child, ast.AST))


def _of_expression(node: ast.AST) -> Iterator[Change]:
    for kind, changes in _KINDS.items():
        if isinstance(node, kind):
            yield from changes(node)


def _of_constant(node: ast.Constant) -> Iterator[Change]:
    if isinstance(node.value, bool):
        yield "constant", node, str(not node.value)
    elif isinstance(node.value, int | float):
        yield "constant", node, repr(node.value + 1)
        yield "constant", node, repr(node.value - 1)


def _of_compare(node: ast.Compare) -> Iterator[Change]:
    for at, operator in enumerate(node.ops):
        if other := _OTHER.get(type(operator)):
            operators = [*node.ops[:at], other(), *node.ops[at + 1 :]]
            yield "comparison", node, _written(ast.Compare(node.left, operators, node.comparators))  # type: ignore[arg-type]


def _of_operation(node: ast.BinOp) -> Iterator[Change]:
    if other := _OTHER.get(type(node.op)):
        yield "arithmetic", node, _written(ast.BinOp(node.left, other(), node.right))  # type: ignore[arg-type]


def _of_choice(node: ast.BoolOp) -> Iterator[Change]:
    yield "boolean", node, _written(ast.BoolOp(_OTHER[type(node.op)](), node.values))  # type: ignore[arg-type]


def _of_negation(node: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield "not dropped", node, _written(node.operand)


def _of_condition(node: ast.IfExp) -> Iterator[Change]:
    yield "negated", node.test, f"(not ({ast.unparse(node.test)}))"


def _of_filter(node: ast.comprehension) -> Iterator[Change]:
    for condition in node.ifs:
        yield "filter", condition, "True"


def _of_call(node: ast.Call) -> Iterator[Change]:
    if (name := _called(node)) in _SILENT:
        return
    if isinstance(node.func, ast.Name) and name in _TWIN:
        yield "twin", node.func, _TWIN[name]
    if name == "suppress":
        yield "except", node, "suppress()"
    positional = node.args
    if (
        len(positional) > 1
        and name not in _SYMMETRIC
        and not any(isinstance(one, ast.Starred) for one in positional[:2])
    ):
        first, second, *rest = positional
        if ast.dump(first) != ast.dump(second):
            yield "swapped", node, _written(ast.Call(node.func, [second, first, *rest], node.keywords))
    for position, keyword in enumerate(node.keywords):
        if keyword.arg:
            left = [*node.keywords[:position], *node.keywords[position + 1 :]]
            yield "default", node, _written(ast.Call(node.func, positional, left))


def _written(node: ast.expr) -> str:
    return f"({ast.unparse(node)})"


_KINDS: dict[type[ast.AST], Callable[..., Iterator[Change]]] = {
    ast.Constant: _of_constant,
    ast.Compare: _of_compare,
    ast.BinOp: _of_operation,
    ast.BoolOp: _of_choice,
    ast.UnaryOp: _of_negation,
    ast.IfExp: _of_condition,
    ast.comprehension: _of_filter,
    ast.Call: _of_call,
}
