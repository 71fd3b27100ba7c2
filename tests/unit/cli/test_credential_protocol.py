import pytest
from madang.credential import answer, parse_request
from madang.hosts import Hosts

GIT = "http://git.madang.localhost:8000"
HOSTS = (
    Hosts()
    .with_key(url="http://madang.localhost:8000", git_url=GIT, opens="robotics", key="mdg_robotics_1")
    .with_key(url="http://madang.localhost:8000", git_url=GIT, opens="band", key="mdg_band_1")
    .with_key(url="http://madang.localhost:8000", git_url=GIT, opens="band/site", key="mdg_site_1")
)


def asked(**attributes: str) -> str:
    return answer(parse_request([*(f"{name}={value}\n" for name, value in attributes.items()), "\n"]), HOSTS)


def test_the_key_of_the_club_in_the_path_is_given() -> None:
    given = asked(protocol="http", host="git.madang.localhost:8000", path="robotics/lunch.git")
    assert given == "username=madang\npassword=mdg_robotics_1\n"


def test_a_key_for_the_project_itself_goes_before_its_clubs() -> None:
    assert "mdg_site_1" in asked(protocol="http", host="git.madang.localhost:8000", path="band/site.git")
    assert "mdg_band_1" in asked(protocol="http", host="git.madang.localhost:8000", path="band/other.git")


@pytest.mark.parametrize(
    ("protocol", "host"),
    [
        ("https", "git.madang.localhost:8000"),
        ("http", "git.madang.localhost"),
        ("http", "git.madang.localhost:8001"),
        ("http", "evil-git.madang.localhost:8000"),
        ("http", "git.madang.localhost:8000.evil.example"),
        ("http", "madang.localhost:8000"),
        ("cert", "git.madang.localhost:8000"),
    ],
)
def test_no_key_leaves_for_any_other_host(protocol: str, host: str) -> None:
    assert asked(protocol=protocol, host=host, path="robotics/lunch.git") == ""


def test_no_key_is_guessed_for_a_club_without_one() -> None:
    assert asked(protocol="http", host="git.madang.localhost:8000", path="chess/site.git") == ""


def test_without_a_path_a_key_is_given_only_if_it_is_the_only_one() -> None:
    one = Hosts().with_key(url="http://m", git_url="http://git", opens="robotics", key="mdg_a_b")
    request = parse_request(["protocol=http\n", "host=git\n", "\n"])
    assert "mdg_a_b" in answer(request, one)
    assert asked(protocol="http", host="git.madang.localhost:8000") == ""


def test_a_user_name_in_the_address_is_kept() -> None:
    given = asked(protocol="http", host="git.madang.localhost:8000", path="robotics/a.git", username="minji")
    assert given.startswith("username=minji\n")


def test_attributes_that_are_unknown_or_repeated_are_passed_over() -> None:
    request = parse_request(["capability[]=authtype\n", "protocol=http\n", "host=git\n", "wwwauth[]=Basic\n"])
    assert request.url == "http://git"
