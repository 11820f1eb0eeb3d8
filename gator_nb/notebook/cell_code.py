"""A cell as a function, so that it can go on the queue like any other.

What the cell assigns is local to it, and what it reads is captured from the notebook as it is now.
A name that it may read before it assigns it, as in `n = n + 1`, is an argument.
"""

import ast
from collections.abc import Callable, Collection, Sequence
from types import CodeType, FunctionType
from typing import Any, NamedTuple

NAME = "%%gator"
"""Of the function; no name of a notebook can be the same."""


class CellCall(NamedTuple):
    """What is pushed for a cell."""

    function: Callable[..., Any]
    arguments: dict[str, Any]


def call_of(body: str, file: str, namespace: dict[str, Any], out: Sequence[str] = ()) -> CellCall:
    """The call that does what the cell would do, and gives the value of its last expression; with
    `out` a dict of these names, and the last expression is printed.

    Args:
        body: the cell without its first line; its lines are counted from 2.
        file: what tracebacks call it.
        namespace: the notebook's.

    Raises:
        SyntaxError: it is no Python, or imports all names of a module.
        ValueError: it is empty, or assigns no name that `out` asks for.

    >>> function, arguments = call_of("y = x + 1\\ny * 2", "cell", {"x": 3})
    >>> function(**arguments)
    8
    """
    tree = ast.parse("\n" + body, file)
    if not tree.body:
        raise ValueError("the cell is empty")
    statements = _ending(tree.body, out)
    names = _locals_of(_compiled(statements, [], file))
    for name in out:
        if name not in names:
            raise ValueError(f"--out {name}: the cell does not assign {name!r}")
    reads = _Reads(names)
    reads.follow(statements)
    arguments = {name: namespace[name] for name in reads.early if name in namespace}
    code = _compiled(statements, list(arguments), file)
    return CellCall(FunctionType(code, namespace, NAME), arguments)


def _ending(body: list[ast.stmt], out: Sequence[str]) -> list[ast.stmt]:
    """The statements, with what the function returns."""
    *before, last = body
    if out:
        given = ast.Dict([ast.Constant(name) for name in out], [_read(name) for name in out])
        if isinstance(last, ast.Expr):
            last = ast.copy_location(ast.Expr(ast.Call(_read("print"), [last.value], [])), last)
        return [*before, last, ast.copy_location(ast.Return(given), last)]
    if isinstance(last, ast.Expr):
        return [*before, ast.copy_location(ast.Return(last.value), last)]
    return body


def _read(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _compiled(statements: list[ast.stmt], parameters: list[str], file: str) -> CodeType:
    """The code of a function of these statements."""
    empty = ast.parse(f"def cell({', '.join(parameters)}): pass").body[0]
    kind = ast.AsyncFunctionDef if _awaits(statements) else ast.FunctionDef
    fields = {name: getattr(empty, name) for name in empty._fields} | {"body": statements}
    function = ast.copy_location(kind(**fields), empty)
    module = ast.fix_missing_locations(ast.Module([function], []))
    code = next(one for one in compile(module, file, "exec").co_consts if type(one) is CodeType)
    return code.replace(co_name=NAME, co_qualname=NAME)


def _locals_of(code: CodeType) -> frozenset[str]:
    return frozenset(code.co_varnames + code.co_cellvars)


def _awaits(statements: Collection[ast.AST]) -> bool:
    """Whether something is awaited in the cell itself, and not in a function of it."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    for one in statements:
        if isinstance(one, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        if isinstance(one, ast.comprehension) and one.is_async:
            return True
        if not isinstance(one, inner) and _awaits(list(ast.iter_child_nodes(one))):
            return True
    return False


class _Reads(ast.NodeVisitor):
    """Which names a function may read before it assigns them; rather one too many than too few.

    Attributes:
        early: these names, in the order of their first reading.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._known: set[str] = set()
        self.early: dict[str, None] = {}

    def follow(self, nodes: Collection[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def _branch(self, *nodes: ast.AST | None) -> set[str]:
        """What is known after these, which may not be run."""
        before = set(self._known)
        self.follow(nodes)
        after, self._known = self._known, before
        return after

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._known.add(node.id)
            return
        if node.id in self._names and node.id not in self._known:
            self.early[node.id] = None
        if isinstance(node.ctx, ast.Del):
            self._known.discard(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.follow([node.value, *node.targets])

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.follow([node.value, node.target])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.follow([node.annotation, node.value, node.target if node.value else None])

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit(ast.copy_location(_read(node.target.id), node.target))
        self.follow([node.value, node.target])

    def visit_alias(self, node: ast.alias) -> None:
        self._known.add(node.asname or node.name.partition(".")[0])

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._known = self._branch(*node.body) & self._branch(*node.orelse)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self._known = self._branch(node.body) & self._branch(node.orelse)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        self._branch(*node.values[1:])

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._branch(*node.body)
        self._branch(*node.orelse)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._branch(node.target, *node.body)
        self._branch(*node.orelse)

    visit_AsyncFor = visit_For  # noqa: N815 -- ast's own names

    def visit_Try(self, node: Any) -> None:
        self._branch(*node.body, *node.orelse)
        for handler in node.handlers:
            self._branch(handler)
        self.follow(node.finalbody)

    visit_TryStar = visit_Try  # noqa: N815 -- ast's own names

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.follow([node.type])
        self._known |= {node.name} if node.name else set()
        self.follow(node.body)

    def visit_match_case(self, node: ast.match_case) -> None:
        patterns = list(ast.walk(node.pattern))
        names = {getattr(one, "name", None) or getattr(one, "rest", None) for one in patterns}
        before = set(self._known)
        self._known |= {name for name in names if name}
        self.follow([node.pattern, node.guard, *node.body])
        self._known = before

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.follow([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults])
        self._known.add(node.name)
        self._within(node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 -- ast's own names

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.follow([*node.args.defaults, *node.args.kw_defaults])
        self._within(node.args, [node.body])

    def _within(self, args: ast.arguments, body: Sequence[ast.AST]) -> None:
        several = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
        before = set(self._known)
        self._known |= {one.arg for one in several if one is not None}
        self.follow(body)
        self._known = before

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.follow([*node.decorator_list, *node.bases, *(one.value for one in node.keywords)])
        self._branch(*node.body)
        self._known.add(node.name)

    def _comprehension(self, node: Any) -> None:
        each = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        parts = [part for one in node.generators for part in (one.iter, one.target, *one.ifs)]
        self._branch(*parts, *each)

    visit_ListComp = visit_SetComp = _comprehension  # noqa: N815
    visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815
