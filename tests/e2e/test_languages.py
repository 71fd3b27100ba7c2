"""Go, Java, pages and Django as the examples have them: recognised, built, visited, and pushed again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.e2e.road import EXAMPLES, Done, Road, at_once, live_host

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("the rest")]

CLUB = "languages"
BEFORE, AFTER = "version 1", "version 2"


@dataclass(frozen=True)
class Example:
    """`recognised` is what its pusher is told, `greeting` what a visitor gets, with the version in its place.

    `kept` is the step of its build that other sources leave as it was, `fetched` what the log says of a
    package that is fetched again; None: it has no packages.
    """

    name: str
    recognised: tuple[str, ...]
    greeting: str
    kept: str
    fetched: str | None


TRIED = (
    Example(
        "go",
        ("go.mod, so Go 1.23", "package main in ."),
        "Hello from Go, {}\n",
        "RUN go mod download && go build -trimpath std",
        "go: downloading",
    ),
    Example(
        "spring",
        ("pom.xml, so Java 17 and Maven",),
        "Hello from Spring, {}\n",
        "RUN mvn -B -q dependency:go-offline",
        "/spring-core/",
    ),
    Example(
        "static",
        ("index.html, so static files",),
        "<h1>Hello from static files, {}</h1>",
        "/etc/nginx/nginx.conf",
        None,
    ),
    # Its settings name no database: it needs no DATABASE_URL, neither for collectstatic nor to serve.
    Example(
        "django",
        ("requirements.txt, so Python 3.12 (the default) and pip", "manage.py and lunch/wsgi.py: Django"),
        "<h1>Hello from Django, {}</h1>",
        "RUN pip install -r requirements.txt",
        "Collecting ",
    ),
)


def test_examples_of_other_languages_are_built_and_served_and_a_change_fetches_nothing_again(
    platform: Road,
) -> None:
    on = platform
    on.admin("create_club", CLUB, "--name", "Languages club", "--if-missing")
    assert on.sign_in(CLUB).status == 0
    folders = [on.checkout(EXAMPLES / example.name, example.name) for example in TRIED]
    for example, folder in zip(TRIED, folders, strict=True):
        on.create_project(CLUB, example.name, folder)
    hosts = []
    for example, told in zip(TRIED, pushed(on, folders), strict=True):
        hosts.append(live_host(told))
        assert [line for line in example.recognised if line not in told.output] == [], told.output
        assert shows(on, hosts[-1], example, BEFORE), on.visit(hosts[-1])
        assert styles(on, hosts[-1]) == ([200] if "<h1>" in example.greeting else [])

    for folder in folders:
        on.replace(folder, BEFORE, AFTER)
        on.commit(folder, "Second version")
    for example, told, host in zip(TRIED, pushed(on, folders), hosts, strict=True):
        assert live_host(told) == host
        on.wait_for(partial(shows, on, host, example, AFTER))
        # Each step's heading begins with a bracket.
        assert re.search(rf"{re.escape(example.kept)}[^\[]*\(as before\)", told.output), told.output
        assert example.fetched is None or example.fetched not in told.output, told.output

    # The tests that follow have this one's room.
    for example in TRIED:
        deleted = on.student("madang", "project", "delete", example.name, "--club", CLUB, "--yes")
        assert deleted.status == 0, deleted.output


def pushed(on: Road, folders: list[Path]) -> list[Done]:
    """All at the same time; the queue builds two of a club's at once."""
    push = partial(on.student, "git", "push", "madang", "main", show=True)
    return at_once(*(partial(push, cwd=folder, as_=f"{folder.name:<7}") for folder in folders))


def shows(on: Road, host: str, example: Example, version: str) -> bool:
    answer = on.visit(host)
    return answer.status == 200 and example.greeting.format(version) in answer.body


def styles(on: Road, host: str) -> list[int]:
    """How the style sheets that the page names are answered."""
    named = re.findall(r'rel="stylesheet" href="([^"]+)"', on.visit(host).body)
    return [on.visit(host, urljoin("/", address)).status for address in named]
