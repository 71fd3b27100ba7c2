"""What explanations say, found in the source of the deployer and the portal: all that a page translates.

An Explanation's `what` and `next` are followed back to where they are written: through names, through what a
function gives, and through its parameters to who calls it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_ROOMS = (ROOT / "deployer", ROOT / "platform/portal")
# These tell in the reader's language already; `tests/integration/portal/words.py` looks at them.
_GETTEXT = {"_", "gettext", "ngettext", "pgettext", "translated"}
_GETTEXT_ONLY = {ROOT / "platform/portal/probing/words.py"}
_DOORS = {"Explanation": {"what": 1, "next": 3}}
_PLACE = re.compile(r"\{\w+\}")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Text:
    """A text that is translated; `fault` instead says why it cannot be."""

    text: str
    where: str
    fault: str = ""


@dataclass
class _Module:
    path: Path
    tree: ast.Module
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    functions: dict[str, list[_Function]] = field(default_factory=dict)

    def where(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"

    def function_of(self, node: ast.AST) -> _Function | None:
        while (found := self.parents.get(node)) is not None:
            if isinstance(found, _Function):
                return found
            node = found
        return None


def sentences() -> list[Text]:
    """All of them, and what cannot be followed."""
    modules = [_read(path) for room in _ROOMS for path in sorted(room.glob("**/*.py")) if _ours(path)]
    return [*_made(modules), *_Following(modules).texts()]


def _ours(path: Path) -> bool:
    return not {"migrations", "node_modules"} & set(path.parts)


def _read(path: Path) -> _Module:
    return _index(path, ast.parse(path.read_text()))


def _index(path: Path, tree: ast.Module) -> _Module:
    module = _Module(path, tree)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            module.parents[child] = node
        if isinstance(node, _Function):
            module.functions.setdefault(node.name, []).append(node)
    return module


def _made(modules: list[_Module]) -> Iterator[Text]:
    """Each template that a Sentence is made of, unless it is nothing but places."""
    for module in modules:
        for node in ast.walk(module.tree):
            if not (isinstance(node, ast.Call) and _called(node) == "Sentence" and node.args):
                continue
            first, where = node.args[0], module.where(node)
            if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                if module.path.name != "sentence.py":
                    yield Text("", where, "a Sentence's template is written where it is made")
                continue
            places = {place[1:-1] for place in _PLACE.findall(first.value)}
            given = {keyword.arg for keyword in node.keywords}
            if places != given:
                yield Text(first.value, where, f"the places are {places}, the values {given}")
            if any(letter.isalpha() for letter in _PLACE.sub("", first.value)):
                yield Text(first.value, where)


class _Following:
    """Through which functions' parameters texts come in, is found on the way."""

    def __init__(self, modules: list[_Module]) -> None:
        self._modules = modules
        self._doors: list[tuple[str, dict[str, int], Path | None]] = [
            (name, at, None) for name, at in _DOORS.items()
        ]
        self._seen: set[int] = set()

    def texts(self) -> Iterator[Text]:
        for name, at, only in self._doors:  # grows while it is walked
            for module in self._modules:
                if module.path in _GETTEXT_ONLY or only not in (None, module.path):
                    continue
                for node in ast.walk(module.tree):
                    if isinstance(node, ast.Call) and _called(node) == name:
                        for given in _given(node, at):
                            yield from self._follow(module, given)

    def _follow(self, module: _Module, node: ast.expr) -> Iterator[Text]:
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        match node:
            case ast.Constant(value=str(text)):
                if text:
                    yield Text(text, module.where(node))
            case ast.IfExp(body=body, orelse=orelse):
                yield from self._follow(module, body)
                yield from self._follow(module, orelse)
            case ast.BoolOp(values=values):
                for value in values:
                    yield from self._follow(module, value)
            case ast.BinOp(left=ast.Call() | ast.Subscript(), op=ast.Mod()):
                return  # gettext's places: nothing else here is filled in so
            case ast.Attribute(attr="what" | "next"):
                return
            case ast.Name(id=name):
                yield from self._name(module, node, name)
            case ast.Call() if _called(node) in _GETTEXT | {"Sentence", "joined"}:
                return
            case ast.Call():
                yield from self._call(module, node)
            case _:
                yield Text(ast.unparse(node), module.where(node), "write it as a Sentence")

    def _name(self, module: _Module, node: ast.Name, name: str) -> Iterator[Text]:
        function = module.function_of(node)
        if function is not None and (at := _parameter(function, name)) is not None:
            private = function.name.startswith("_")
            door = (function.name, {name: at}, module.path if private else None)
            if door not in self._doors:
                self._doors.append(door)
            return
        found = list(_assigned(function or module.tree, name)) or list(_assigned(module.tree, name))
        if not found:
            yield Text(name, module.where(node), "where it is written cannot be found")
        for value in found:
            yield from self._follow(module, value)

    def _call(self, module: _Module, node: ast.Call) -> Iterator[Text]:
        name = _called(node)
        homes = [module] if name in module.functions else self._modules
        found = [(home, each) for home in homes for each in home.functions.get(name, ())]
        if not found:
            yield Text(ast.unparse(node), module.where(node), "what it gives cannot be found")
        for home, function in found:
            for each in ast.walk(function):
                if isinstance(each, ast.Return) and each.value is not None:
                    yield from self._follow(home, each.value)


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _given(node: ast.Call, at: dict[str, int]) -> Iterator[ast.expr]:
    for name, position in at.items():
        if position < len(node.args):
            yield node.args[position]
        yield from (keyword.value for keyword in node.keywords if keyword.arg == name)


def _parameter(function: _Function, name: str) -> int | None:
    """Its position as a caller counts."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    bound = names[:1] in (["self"], ["cls"])
    return names.index(name) - bound if name in names else None


def _assigned(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """What the name is set to in the scope, also as one of several."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _matched(target, node.value, name)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            yield from _matched(node.target, node.value, name)


def _matched(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    if isinstance(target, ast.Tuple):
        for number, each in enumerate(target.elts):
            if isinstance(each, ast.Name) and each.id == name:
                yield value.elts[number] if isinstance(value, ast.Tuple) else value
