"""`/help`: the guides on the portal's own pages, for whom they are for, in either language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest
from django.test import Client
from django.utils.translation import override
from portal.clubs.actions import create_club
from portal.environment import environment
from portal.web.pages.help.document import document
from portal.web.pages.help.guides import FOR_ALL, FOR_OPERATORS
from portal.web.pages.help.topics import TOPICS

from tests.integration.portal.club_pages import attributes, text
from tests.integration.portal.scene import BY
from tests.integration.portal.visitors import visit
from tests.integration.portal.words import PORTAL

pytestmark = pytest.mark.usefixtures("clean")
LANGUAGES = ["en", "ko"]


def reader(language: str) -> Client:
    return Client(headers={"accept-language": language})


def operator(language: str) -> Client:
    client = visit(create_club(by=BY, slug=f"a-{language}", name="A"), "operator")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    return client


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_on_a_guide_leads_to_something_that_is_there(language: str) -> None:
    client = operator(language)
    pages = ["/help", *(f"/help/{name}" for name in (*FOR_ALL, *FOR_OPERATORS))]
    answers = {page: client.get(page) for page in pages}
    for page, answer in answers.items():
        assert answer.status_code == 200, page
        assert "**" not in text(answer), f"{page}: a word that was to be bold (Korean right after a sign?)"
        ids = attributes(answer, "id")
        assert len(ids) == len(set(ids)), f"{page}: an anchor twice"
        for link in attributes(answer, "href"):
            address, anchor = urldefrag(link)
            if address and not address.startswith("/help"):
                continue
            target = answers[address or page]
            assert not anchor or unquote(anchor) in attributes(target, "id"), f"{page}: {link}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_leads_to_its_section(language: str) -> None:
    client = reader(language)
    for topic in TOPICS.values():
        address, anchor = urldefrag(topic.address)
        assert anchor in attributes(client.get(address), "id"), topic
        with override(language):
            assert str(topic.words)


def test_topics_are_those_that_pages_name() -> None:
    named = {
        name
        for path in PORTAL.glob("**/templates/**/*.html")
        for name in re.findall(r'{% help_link "([^"]+)" %}', path.read_text())
    }
    assert named == set(TOPICS)


def test_who_may_read_which_guide() -> None:
    visitor, runs = reader("en"), operator("en")
    for name in FOR_ALL:
        assert visitor.get(f"/help/{name}").status_code == 200
    member = visit(create_club(by=BY, slug="b", name="B"))
    for name in FOR_OPERATORS:
        assert visitor.get(f"/help/{name}").headers["Location"] == f"/login?next=/help/{name}"
        assert member.get(f"/help/{name}").status_code == 404
        assert runs.get(f"/help/{name}").status_code == 200
        assert f'href="/help/{name}"' not in member.get("/help").content.decode()
        assert f'href="/help/{name}"' in runs.get("/help").content.decode()
    assert visitor.get("/help/architecture").status_code == 404


def test_a_guide_speaks_the_readers_language_or_says_that_it_does_not() -> None:
    assert "The first push" in text(reader("en").get("/help/students"))
    korean = reader("ko").get("/help/students")
    assert "첫 푸시" in text(korean)
    assert 'lang="ko"' in korean.content.decode()
    runs = operator("ko")
    assert "이 안내는 영어로만 있어요." in text(runs.get("/help/operators"))
    assert "복사" in text(runs.get("/help/operators"))


def test_commands_hold_the_addresses_of_this_madang() -> None:
    page = text(reader("en").get("/help/students"))
    assert f"madang login --url {environment().public_url}" in page
    assert environment().app_url.format(subdomain="lunch-menu") in page


def test_every_page_leads_to_the_guides() -> None:
    for path in ("/", "/login", "/status", "/apply", "/help/owners"):
        assert 'href="/help"' in reader("en").get(path).content.decode(), path


def test_a_guides_own_html_is_text_and_files_that_no_page_shows_are_named() -> None:
    links = "[flask](../examples/flask) [why](adr/1.md) [on](other.md#b) [js](javascript:alert(1))"
    shown = made(f"# T\n\n[한국어](t.ko.md)\n\n## A\n\n<b>x</b> {links}\n")
    assert shown.title == "T"
    assert "&lt;b&gt;x&lt;/b&gt; <code>examples/flask</code> <code>docs/adr/1.md</code> <a" in shown.body
    assert '<a href="/help/other#b">on</a>' in shown.body
    assert "한국어" not in shown.body
    assert "javascript:alert(1)" in shown.body
    assert 'href="javascript' not in shown.body


def test_what_is_to_be_typed_can_be_copied_and_what_is_shown_cannot() -> None:
    shown = made("# T\n\n## A\n\n```sh\ngit push <here>   # or there\n```\n\n```\nremote: live\n```\n")
    # Without the comment, which a Mac's shell would take for words of the command.
    assert re.findall(r'data-text="([^"]*)"', shown.body) == ["git push &lt;here&gt;"]
    assert "git push &lt;here&gt;   # or there</code>" in shown.body


def test_a_cell_knows_the_heading_of_its_column_as_a_phone_shows_rows_as_lines() -> None:
    shown = made("# T\n\n## A\n\n| file | then | example |\n|---|---|---|\n| `a` | b | |\n| c | d | e |\n")
    assert re.findall(r'<td data-column="(\w+)">(.*?)</td>', shown.body) == [
        ("file", "<code>a</code>"),
        ("then", "b"),
        ("example", ""),
        ("file", "c"),
        ("then", "d"),
        ("example", "e"),
    ]


def made(written: str) -> Any:
    addresses = {"t.ko.md": "/help/t", "other.md": "/help/other"}
    return document(written, english=written, addresses=addresses, language="en")


def test_the_image_carries_the_guides() -> None:
    root = Path(__file__).resolve().parents[3]
    assert "COPY docs/*.md /opt/madang/share/madang/docs/" in (root / "Dockerfile").read_text()
    ignored = (root / ".dockerignore").read_text().splitlines()
    assert ignored.index("!docs/*.md") > ignored.index("docs/*")
