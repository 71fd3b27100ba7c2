import pytest
from madang.address import ProjectAddress, origin, parse_remote, portal_url, slug_from, told_address
from madang.problem import Problem


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://madang.example.org/", "https://madang.example.org"),
        ("https://Madang.Example.org:443/clubs/robotics", "https://madang.example.org"),
        ("madang.example.org", "https://madang.example.org"),
        ("madang.localhost:8000", "http://madang.localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_typed_address_becomes_the_portals_origin(typed: str, meant: str) -> None:
    assert portal_url(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", "ftp://madang.example.org", "https://", "https://madang:port", "my school"]
)
def test_what_is_no_web_address_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(Problem) as refused:
        portal_url(typed)
    assert "https://madang.example.org" in refused.value.next


def test_a_git_remote_names_host_club_and_project() -> None:
    address = parse_remote("http://git.madang.localhost:8000/robotics/lunch-menu.git")
    assert address == ProjectAddress("http://git.madang.localhost:8000", "robotics", "lunch-menu")
    assert address.remote == "http://git.madang.localhost:8000/robotics/lunch-menu.git"


@pytest.mark.parametrize(
    "url",
    [
        "git@example.org:robotics/lunch.git",
        "https://example.org/lunch.git",
        "https://example.org/a/b/c.git",
        "../lunch",
    ],
)
def test_a_remote_of_another_kind_is_no_project(url: str) -> None:
    assert parse_remote(url) is None


def test_a_name_and_password_in_a_remote_do_not_change_its_origin() -> None:
    assert origin("https://someone:secret@git.example.org/a/b.git") == "https://git.example.org"


def test_a_folders_name_becomes_a_project_name() -> None:
    assert slug_from("My Lunch_Menu (2)") == "my-lunch-menu-2"
    assert slug_from("2026 robots--") == "robots"
    assert slug_from("x" * 50) == "x" * 40
    assert slug_from("급식") == ""


@pytest.mark.parametrize("url", ["https://*", "https://*.com", "https://a\x1b[2Jb.org", "https://a b.org"])
def test_a_host_that_git_would_take_for_many_is_none(url: str) -> None:
    assert origin(url) is None


@pytest.mark.parametrize(
    "given", ["--upload-pack=touch /tmp/x", "ext::sh -c x", "file:///etc", "javascript:alert(1)", None]
)
def test_an_address_that_a_portal_names_is_one_of_the_web_or_is_used_for_nothing(given: object) -> None:
    with pytest.raises(Problem) as refused:
        told_address("the project", given)
    assert refused.value.reason == "not-madang"
    assert (
        told_address("the project", "http://lunch.madang.localhost:8000")
        == "http://lunch.madang.localhost:8000"
    )
