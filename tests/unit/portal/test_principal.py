"""What a principal may do, and what it is told when it may not."""

from __future__ import annotations

import pytest
from portal.accounts.principal import Principal, operator
from portal.problems import Problem

from deployer.errors import Explanation


def holder(*scopes: str, club: str = "chess", project: str | None = None) -> Principal:
    return Principal("key:x", club, project, frozenset(scopes))


def test_a_scope_holds_the_smaller_ones() -> None:
    assert holder("manage").may("deploy", club="chess", project="site")
    assert holder("deploy").may("read", club="chess", project="site")
    assert not holder("deploy").may("manage", club="chess", project="site")
    assert not holder("read").may("deploy", club="chess", project="site")


def test_a_clubs_key_ends_at_the_club() -> None:
    assert not holder("manage").may("read", club="chess2")
    assert not holder("manage").may("read", club="ches")


def test_a_projects_key_opens_that_project_alone() -> None:
    key = holder("manage", project="site")
    assert key.may("manage", club="chess", project="site")
    assert not key.may("read", club="chess", project="site2")
    assert not key.may("read", club="chess")


def test_an_operator_may_do_everything() -> None:
    assert operator("test").may("manage", club="any", project="thing")


@pytest.mark.parametrize(
    ("key", "project", "status"),
    [
        (holder("read"), "site", 403),
        (holder("manage", club="other"), "site", 404),
        (holder("manage", project="other"), "site", 404),
        (holder("manage", project="site"), None, 403),
        (holder("manage", club="other"), None, 404),
    ],
)
def test_what_may_not_be_seen_is_not_there(key: Principal, project: str | None, status: int) -> None:
    with pytest.raises(Problem) as refused:
        key.require("manage", club="chess", project=project)
    assert refused.value.status == status
    assert refused.value.explanation.next


def test_who_is_barred_may_read_as_before_and_is_told_why_the_rest_is_refused() -> None:
    why = Explanation("club-suspended", "The club is suspended.", "since today", "Ask.")
    key = Principal("key:x", "chess", None, frozenset({"manage"}), barred=why)
    assert key.may("read", club="chess", project="site")
    assert not key.may("deploy", club="chess", project="site")
    with pytest.raises(Problem) as refused:
        key.require("deploy", club="chess", project="site")
    assert (refused.value.status, refused.value.explanation) == (403, why)
    with pytest.raises(Problem) as refused:
        key.require("own", club="chess")
    assert refused.value.explanation.reason == "scope-missing"
    with pytest.raises(Problem) as refused:
        key.require("deploy", club="go", project="site")
    assert refused.value.status == 404
