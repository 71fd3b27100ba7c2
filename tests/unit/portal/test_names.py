"""Names of clubs, projects, subdomains and variables."""

from __future__ import annotations

import pytest
from portal.environment import Environment
from portal.problems import Problem
from portal.projects import names


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Environment(
        domain="madang.school",
        public_url="https://yard.madang.school",
        git_url="https://Source.madang.school",
        app_url="https://{subdomain}.madang.school:8443",
        page_hosts="paas.madang.school, clubs.example.org",
    )
    monkeypatch.setattr(names, "environment", lambda: given)


@pytest.mark.parametrize("slug", ["a", "lunch-menu", "x2", "a1-b2-c3", "a" * 40])
def test_good_project_names(slug: str) -> None:
    names.check_project(slug)


@pytest.mark.parametrize(
    "slug", ["", "-a", "a-", "A", "a_b", "1a", "a--b", "xn--abc", "a.b", "a/b", "a" * 41, "마당", "a\n"]
)
def test_bad_project_names(slug: str) -> None:
    with pytest.raises(Problem) as refused:
        names.check_project(slug)
    assert refused.value.status == 422


@pytest.mark.parametrize("slug", ["cache", "library", "madang"])
def test_clubs_do_not_take_the_registrys_own_names(slug: str) -> None:
    with pytest.raises(Problem):
        names.check_club(slug)


@pytest.mark.parametrize("slug", ["keys", "members", "new", "settings"])
def test_projects_do_not_take_the_addresses_of_their_clubs_pages(slug: str) -> None:
    with pytest.raises(Problem):
        names.check_project(slug)


def test_a_project_has_its_own_name_first_and_the_clubs_with_it_second() -> None:
    assert names.subdomains("menu", "chess") == ["menu", "menu-chess"]


@pytest.mark.parametrize("slug", ["www", "git", "api", "registry"])
def test_a_reserved_subdomain_is_never_given(slug: str) -> None:
    assert names.subdomains(slug, "chess") == [f"{slug}-chess"]


@pytest.mark.parametrize("slug", ["yard", "source", "paas"])
def test_no_project_answers_where_this_installation_itself_does(slug: str) -> None:
    assert names.subdomains(slug, "chess") == [f"{slug}-chess"]
    with pytest.raises(Problem) as refused:
        names.check_subdomain(slug)
    assert refused.value.explanation.reason == "name-reserved"


@pytest.mark.parametrize("slug", ["clubs", "madang-school"])
def test_a_name_of_another_domain_takes_none_from_projects(slug: str) -> None:
    names.check_subdomain(slug)


def test_the_longest_names_make_no_subdomain_that_dns_refuses() -> None:
    assert all(len(name) <= 63 for name in names.subdomains("a" * 40, "b" * 30))


@pytest.mark.parametrize("name", ["A", "DATABASE_URL", "_x", "node_env"])
def test_good_variable_names(name: str) -> None:
    names.check_variable(name)


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A=B", "A\n", "PORT", "path", "MADANG_X", "A" * 101])
def test_bad_variable_names(name: str) -> None:
    with pytest.raises(Problem):
        names.check_variable(name)
