"""Small changes of a Python module, each on a copy of its tree: what a test of the module should notice."""

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

OTHER: Mapping[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult, ast.Mod: ast.FloorDiv, ast.And: ast.Or,
    ast.Or: ast.And, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Pow: ast.Mult, ast.Continue: ast.Break,
    ast.Break: ast.Continue,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed module, where, and what of what."""

    tree: ast.Module
    line: int
    change: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every single change of a module."""
    tree = ast.parse(source)
    quiet = set(_quiet(tree))
    for number, node in enumerate(ast.walk(tree)):
        if node in quiet:
            continue
        for change in _changes(node):
            changed = copy.deepcopy(tree)
            twin = next(other for at, other in enumerate(ast.walk(changed)) if at == number)
            before = ast.unparse(twin)
            change(twin)
            ast.fix_missing_locations(changed)
            yield Mutant(changed, getattr(node, "lineno", 0), f"{before}  ->  {ast.unparse(twin)}")


def _quiet(tree: ast.Module) -> Iterator[ast.AST]:
    """What is no behaviour: annotations, docstrings, sentences that people read, switches of a decorator."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.JoinedStr) or _is_said(node):
            yield from ast.walk(node)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            for part in (*node.decorator_list, getattr(node, "returns", None)):
                yield from ast.walk(part) if part else ()
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield from ast.walk(node.annotation)


def _is_said(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (not node.value.isascii() or " " in node.value)
    )


def _changes(node: ast.AST) -> Iterator[Callable[[Any], None]]:
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            yield lambda twin, at=at, op=op: twin.ops.__setitem__(at, OTHER[type(op)]())
    elif isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in OTHER:
        yield lambda twin: setattr(twin, "op", OTHER[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield lambda twin: setattr(twin, "operand", ast.UnaryOp(ast.Not(), twin.operand))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield lambda twin: setattr(twin, "id", NAMES[node.id])
    elif isinstance(node, ast.If | ast.IfExp) and isinstance(node.test, ast.Name | ast.Call | ast.Attribute):
        yield lambda twin: setattr(twin, "test", ast.UnaryOp(ast.Not(), twin.test))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | str):
        yield lambda twin: setattr(twin, "value", _another(node.value))


def _another(value: bool | int | str) -> bool | int | str:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"x{value}"
