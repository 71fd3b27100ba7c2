"""What the pages say: every text that goes through gettext, and its Korean."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.template import Template
from django.template.base import Node
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

PORTAL = Path(__file__).resolve().parents[3] / "platform/portal"
_ONE = {"_", "gettext", "gettext_lazy", "gettext_noop"}
_MANY = {"ngettext", "ngettext_lazy"}
_IN_CONTEXT = {"pgettext", "pgettext_lazy", "npgettext"}


@dataclass(frozen=True)
class Said:
    """A text in the source, and where it stands."""

    text: str
    where: str
    context: str | None = None

    @property
    def key(self) -> tuple[str | None, str]:
        return self.context, self.text


def said() -> list[Said]:
    """All of it, of templates and of Python."""
    return [*_in_templates(), *_in_python()]


def korean() -> dict[tuple[str | None, str], polib.POEntry]:
    """What the catalogues of ours know."""
    known: dict[tuple[str | None, str], polib.POEntry] = {}
    for path in catalogues():
        for entry in polib.pofile(str(path)):
            if not entry.obsolete:
                known.setdefault((entry.msgctxt, entry.msgid), entry)
    return known


def catalogues() -> list[Path]:
    return sorted(
        path for path in PORTAL.glob("**/locale/ko/LC_MESSAGES/*.po") if "node_modules" not in path.parts
    )


def _in_templates() -> Iterator[Said]:
    for path in sorted(PORTAL.glob("**/templates/**/*")):
        if path.is_file() and "node_modules" not in path.parts:
            where = str(path.relative_to(PORTAL))
            for node in _nodes(Template(path.read_text()).nodelist):
                if isinstance(node, TranslateNode):
                    text = node.filter_expression.var
                    yield Said(str(getattr(text, "literal", text)), where, _literal(node.message_context))
                if isinstance(node, BlockTranslateNode):
                    one, _ = node.render_token_list(node.singular)
                    yield Said(one, where, _literal(node.message_context))


def _literal(context: object) -> str | None:
    return None if context is None else str(getattr(context, "var", context))


def _nodes(nodes: object) -> Iterator[Node]:
    for node in nodes:  # type: ignore[attr-defined]
        yield node
        for name in ("nodelist", "nodelist_true", "nodelist_false", "nodelist_loop", "nodelist_empty"):
            yield from _nodes(getattr(node, name, ()))
        for _, inside in getattr(node, "conditions_nodelists", ()):
            yield from _nodes(inside)


def _in_python() -> Iterator[Said]:
    for path in sorted(PORTAL.glob("**/*.py")):
        if {"migrations", "node_modules"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
                texts = [each for each in texts if isinstance(each, str)]
                where = f"{path.relative_to(PORTAL)}:{node.lineno}"
                if node.func.id in _ONE | _MANY and texts:
                    yield Said(texts[0], where)
                if node.func.id in _IN_CONTEXT and len(texts) >= 2:
                    yield Said(texts[1], where, texts[0])
