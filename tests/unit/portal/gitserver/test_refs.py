"""What a push's ref lines ask for."""

from __future__ import annotations

from portal.gitserver.refs import Deploy, Keep, RefUpdate, Refuse, decide

OLD, NEW, NONE = "1" * 40, "2" * 40, "0" * 40


def update(ref: str, new: str = NEW) -> RefUpdate:
    return RefUpdate(OLD, new, ref)


def test_the_deploy_branch_deploys_its_commit() -> None:
    assert decide([update("refs/heads/main")], "main") == Deploy(NEW)
    assert decide([update("refs/heads/release")], "release") == Deploy(NEW)


def test_tags_may_come_along() -> None:
    assert decide([update("refs/tags/v1", OLD), update("refs/heads/main")], "main") == Deploy(NEW)


def test_tags_alone_are_kept() -> None:
    assert decide([update("refs/tags/v1")], "main") == Keep(("v1",))


def test_another_branch_gets_the_exact_command() -> None:
    decision = decide([update("refs/heads/fix/login")], "main")
    assert isinstance(decision, Refuse)
    assert decision.explanation.reason == "other-branch"
    assert "git push madang fix/login:main" in decision.explanation.next


def test_a_name_that_only_begins_like_the_branch_is_another_branch() -> None:
    assert isinstance(decide([update("refs/heads/main2")], "main"), Refuse)
    assert isinstance(decide([update("refs/heads/main/x")], "main"), Refuse)


def test_the_branch_among_others_is_refused_as_a_whole() -> None:
    decision = decide([update("refs/heads/main"), *(update(f"refs/heads/{n}") for n in range(5))], "main")
    assert isinstance(decision, Refuse)
    assert "0, 1, 2 and 2 more" in decision.explanation.what
    assert decision.explanation.next.endswith("git push madang main")


def test_other_kinds_of_refs_are_refused() -> None:
    for ref in ("refs/notes/commits", "refs/replace/" + OLD, "refs/for/main"):
        decision = decide([update(ref)], "main")
        assert isinstance(decision, Refuse)
        assert "git push madang HEAD:main" in decision.explanation.next


def test_nothing_is_deleted() -> None:
    for ref in ("refs/heads/main", "refs/tags/v1", "refs/heads/other"):
        decision = decide([update(ref, NONE)], "main")
        assert isinstance(decision, Refuse)
        assert "deleted" in decision.explanation.what
