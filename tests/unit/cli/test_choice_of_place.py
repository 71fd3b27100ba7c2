import pytest
from madang.address import ProjectAddress
from madang.hosts import Hosts
from madang.problem import Problem
from madang.session import Place, choose

SCHOOL, HOME = "https://madang.example.org", "http://madang.localhost:8000"
SCHOOL_GIT, HOME_GIT = "https://git.example.org", "http://git.madang.localhost:8000"
HOSTS = (
    Hosts()
    .with_key(url=SCHOOL, git_url=SCHOOL_GIT, opens="robotics", key="mdg_s_r")
    .with_key(url=SCHOOL, git_url=SCHOOL_GIT, opens="band", key="mdg_s_b")
    .with_key(url=HOME, git_url=HOME_GIT, opens="robotics", key="mdg_h_r")
)
FOLDER = ProjectAddress(SCHOOL_GIT, "band", "site")


def place(
    hosts: Hosts = HOSTS,
    folder: ProjectAddress | None = None,
    *,
    url: str | None = None,
    club: str | None = None,
    project: str | None = None,
    key: str | None = None,
) -> Place:
    return choose(hosts, folder, url=url, club=club, project=project, key=key)


def test_a_folders_remote_says_host_club_and_project() -> None:
    assert place(folder=FOLDER) == Place(SCHOOL, "mdg_s_b", "band", "site")


def test_without_a_remote_the_last_login_counts_and_its_only_club() -> None:
    assert place() == Place(HOME, "mdg_h_r", "robotics", None)


def test_options_go_before_the_remote() -> None:
    assert place(folder=FOLDER, project="other") == Place(SCHOOL, "mdg_s_b", "band", "other")
    assert place(folder=FOLDER, club="robotics") == Place(SCHOOL, "mdg_s_r", "robotics", None)


def test_a_remote_on_another_host_than_the_named_one_says_nothing() -> None:
    assert place(folder=FOLDER, url=HOME) == Place(HOME, "mdg_h_r", "robotics", None)


def test_a_key_from_the_environment_needs_no_login() -> None:
    chosen = place(Hosts(), FOLDER, url="https://ci.example.org", key="mdg_ci")
    assert chosen == Place("https://ci.example.org", "mdg_ci", "band", "site")


def test_without_a_login_the_command_to_log_in_is_given() -> None:
    with pytest.raises(Problem, match="not logged in") as refused:
        place(Hosts())
    assert "madang login" in refused.value.next


def test_a_host_without_a_login_is_named() -> None:
    with pytest.raises(Problem, match="not logged in to https://other") as refused:
        place(url="https://other.example.org")
    assert refused.value.next == "madang login --url https://other.example.org"


def test_several_clubs_are_not_guessed_between() -> None:
    with pytest.raises(Problem, match="several clubs") as refused:
        place(url=SCHOOL)
    assert "band, robotics" in refused.value.evidence


def test_a_club_without_a_key_is_named_with_the_keys_there_are() -> None:
    with pytest.raises(Problem, match="no key for the club chess") as refused:
        place(club="chess")
    assert "robotics" in refused.value.evidence


def test_a_projects_own_key_is_used_also_where_no_project_is_named() -> None:
    hosts = Hosts().with_key(url=HOME, git_url=HOME_GIT, opens="band/site", key="mdg_site")
    assert place(hosts) == Place(HOME, "mdg_site", "band", None)
    with pytest.raises(Problem, match="no key for the club band"):
        place(hosts, project="other")


def test_forgetting_the_last_key_forgets_the_host_and_another_becomes_current() -> None:
    left = HOSTS.without_key(HOME, "mdg_h_r")
    assert HOME not in left.by_url
    assert left.current == SCHOOL
