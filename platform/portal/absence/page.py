"""The answer itself: a page that needs nothing else, in both languages, or JSON."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import override

from deployer.rollout.answer import ABSENCE
from portal.absence.kinds import RETRY_AFTER_SECONDS, Absence, status, words
from portal.environment import environment
from portal.languages import preferred

_HTML, _JSON = "text/html", "application/json"
# All that the page looks like: the policy below knows it by its hash, and lets in nothing else.
_STYLE = (
    ":root{color-scheme:light dark;--paper:#f4f6f4;--ink:#1b2621;--quiet:#4a5751;--mark:#17694a}"
    "@media(prefers-color-scheme:dark){:root{--paper:#111814;--ink:#e4ebe7;--quiet:#a3b0a9;--mark:#6fcfa3}}"
    "body{margin:0;min-height:100vh;display:grid;place-content:center;background:var(--paper);color:var(--ink);"
    'font:1.0625rem/1.6 system-ui,"Apple SD Gothic Neo","Noto Sans KR","Malgun Gothic",sans-serif;'
    "word-break:keep-all;overflow-wrap:anywhere}"
    "main{max-width:34rem;padding:2rem 1.25rem}h1,h2{margin:0;line-height:1.35}h1{font-size:1.5rem}"
    "h2{font-size:1.125rem}p{margin:.5rem 0 0}"
    ".status{margin:0;font-size:3rem;font-weight:700;line-height:1.2;color:var(--mark)}"
    "section{margin-top:1.5rem;padding-top:1.5rem;border-top:1px solid var(--quiet);"
    "color:var(--quiet)}a{color:var(--mark)}a:focus-visible{outline:3px solid;outline-offset:2px}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Reply:
    """As ASGI sends it."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def reply(kind: Absence, accept: str, accept_language: str) -> Reply:
    """In the reader's language first, as a page unless JSON is liked better. Nothing else of them counts."""
    request = HttpRequest()
    request.META = {"HTTP_ACCEPT": accept}
    wanted = request.get_preferred_type([_HTML, _JSON]) or _HTML
    return _made(kind, wanted, preferred(accept_language), environment().public_url)


@lru_cache(maxsize=64)
def _made(kind: Absence, media_type: str, language: str, home: str) -> Reply:
    body = _page(kind, language, home) if media_type == _HTML else _document(kind, language)
    headers = {
        "Content-Type": f"{media_type}; charset=utf-8" if media_type == _HTML else media_type,
        "Content-Length": str(len(body)),
        "Content-Language": language,
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        "Vary": "Accept, Accept-Language",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        ABSENCE: kind.value,
    }
    if kind in RETRY_AFTER_SECONDS:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS[kind])
    return Reply(
        status(kind), tuple((name.lower().encode(), value.encode()) for name, value in headers.items()), body
    )


def _page(kind: Absence, language: str, home: str) -> bytes:
    languages = sorted((code for code, _ in settings.LANGUAGES), key=lambda code: code != language)
    told = []
    for code in languages:
        with override(code):
            told.append({"code": code, "words": words(kind)})
    context = {"told": told, "status": status(kind), "style": _STYLE, "home": home}
    with override(language):
        return render_to_string("web/absence.html", context).encode()


def _document(kind: Absence, language: str) -> bytes:
    with override(language):
        told = words(kind)
    error = {"reason": kind.value, "what": told.what, "evidence": "", "next": told.next}
    return json.dumps({"error": error}, ensure_ascii=False).encode()
