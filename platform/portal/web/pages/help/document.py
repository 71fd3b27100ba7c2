"""Markdown as a page: the same text that a git host shows, with headings to link to and code to copy."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from posixpath import normpath
from typing import Any
from urllib.parse import unquote

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import override
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

_COMMENT = re.compile(r"(?:^|[ \t]{2,})# .*$", re.MULTILINE)
_OUTWARD = re.compile(r"https?://|mailto:")


@dataclass(frozen=True)
class Heading:
    """A heading: its level from 2 on, its anchor as git hosts make it, and its words."""

    level: int
    anchor: str
    words: str


@dataclass(frozen=True)
class Document:
    """`body` is without the title, which stands first in the file."""

    title: str
    headings: tuple[Heading, ...]
    body: SafeString

    @property
    def sections(self) -> list[Heading]:
        return [heading for heading in self.headings if heading.level == 2]


def document(text: str, *, english: str, addresses: Mapping[str, str], language: str) -> Document:
    """The page of a guide, its buttons in `language`.

    `addresses` says where a link to another file of docs/ leads; one to a file that no page shows becomes
    its path in Madang's repository. `english` is the same guide in English: its anchors lead to the same
    headings here, so that a link from a page of the portal need not know the reader's language.
    """
    tokens = _without_other_languages(_parser().parse(text), addresses)
    title, *headings = _headings(tokens)
    anchors = [heading.anchor for heading in _headings(_parser().parse(english))[1:]]
    for token in tokens:
        if token.type == "inline":
            token.children = list(_linked(token.children or [], addresses))
    _anchored(tokens, headings, anchors)
    _label_cells(tokens)
    with override(language):
        body = _parser().renderer.render(_after_title(tokens), _parser().options, {})
    return Document(title.words, tuple(headings), SafeString(body))


def anchors(text: str) -> list[str]:
    """Those of the headings below the title."""
    return [heading.anchor for heading in _headings(_parser().parse(text))[1:]]


def links(text: str) -> list[str]:
    """Where the text's links lead, as written."""
    inline = (token for token in _parser().parse(text) if token.type == "inline")
    each = (child for token in inline for child in token.children or ())
    return [unquote(str(child.attrs["href"])) for child in each if child.type == "link_open"]


class _Renderer(RendererHTML):
    """Tables that scroll, code that can be copied where its language says that it is to be typed."""

    def fence(self, tokens: Sequence[Token], number: int, options: Any, env: Any) -> str:
        text, kind = tokens[number].content.rstrip("\n"), tokens[number].info.strip()
        # zsh, macOS's shell, takes a comment that is typed for words of the command.
        typed = _COMMENT.sub("", text).strip() if kind == "sh" else text
        return render_to_string("web/help/code.html", {"text": text, "typed": typed if kind else ""})

    def table_open(self, *_: Any) -> str:
        return '<div class="table-box relative" tabindex="0"><table>\n'

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")


def _headings(tokens: Sequence[Token]) -> list[Heading]:
    found: list[Heading] = []
    met: Counter[str] = Counter()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(child.content for child in inline.children or ())
            anchor = _anchor(words)
            number, met[anchor] = met[anchor], met[anchor] + 1
            found.append(Heading(int(opening.tag[1:]), f"{anchor}-{number}" if number else anchor, words))
    return found


def _anchor(words: str) -> str:
    """As git hosts make it of a heading: letters of any script, numbers, hyphens; spaces become hyphens."""
    kept = (letter for letter in words.lower() if letter in " -_" or unicodedata.category(letter)[0] in "LNM")
    return "".join(kept).replace(" ", "-")


def _without_other_languages(tokens: list[Token], addresses: Mapping[str, str]) -> list[Token]:
    """Without a paragraph that only links to the text in another language: the bar has a switch for that."""
    left: list[Token] = []
    for token in tokens:
        left.append(token)
        if token.type == "paragraph_close" and _is_one_link(left[-2], addresses):
            del left[-3:]
    return left


def _is_one_link(inline: Token, addresses: Mapping[str, str]) -> bool:
    inside = inline.children or []
    kinds = [each.type for each in inside]
    return kinds == ["link_open", "text", "link_close"] and inside[0].attrs["href"] in addresses


def _linked(children: Sequence[Token], addresses: Mapping[str, str]) -> Iterator[Token]:
    """The same with links as the page has them."""
    replaced = False
    for child in children:
        if child.type == "link_open":
            href = str(child.attrs["href"])
            where = _address(href, addresses)
            replaced = where is None
            if where is None:
                yield Token("code_inline", "code", 0, content=normpath(f"docs/{unquote(href)}"))
            else:
                child.attrs["href"] = where
                if _OUTWARD.match(where):
                    child.attrs["rel"] = "noopener"
        if not replaced:
            yield child
        elif child.type == "link_close":
            replaced = False


def _address(href: str, addresses: Mapping[str, str]) -> str | None:
    """None: nothing that a page shows."""
    if href.startswith("#") or _OUTWARD.match(href):
        return href
    file, hash_, anchor = href.partition("#")
    return f"{addresses[file]}{hash_}{anchor}" if file in addresses else None


def _anchored(tokens: Sequence[Token], headings: Sequence[Heading], english: Sequence[str]) -> None:
    """Each heading gets its anchor, leads to itself, and answers to its English anchor as well."""
    named = {heading.anchor for heading in headings}
    openings = [number for number, token in enumerate(tokens) if token.type == "heading_open"][1:]
    for place, (number, heading) in enumerate(zip(openings, headings, strict=True)):
        tokens[number].attrs["id"] = heading.anchor
        other = english[place] if place < len(english) else heading.anchor
        alias = "" if other in named else f'<span class="anchor" id="{escape(other)}"></span>'
        opened = Token("html_inline", "", 0, content=f'{alias}<a href="#{escape(heading.anchor)}">')
        closed = Token("html_inline", "", 0, content="</a>")
        inline = tokens[number + 1]
        inline.children = [opened, *(inline.children or []), closed]


def _label_cells(tokens: Sequence[Token]) -> None:
    """Each cell knows its column's heading: on a phone a row is shown as lines, one under another."""
    titles: list[str] = []
    column = 0
    for number, token in enumerate(tokens):
        if token.type == "table_open":
            titles = []
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            titles.append(tokens[number + 1].content)
        elif token.type == "td_open":
            token.attrs["data-column"] = titles[column]
            column += 1


def _after_title(tokens: Sequence[Token]) -> Sequence[Token]:
    ends = next(number for number, token in enumerate(tokens) if token.type == "heading_close")
    return tokens[ends + 1 :]
