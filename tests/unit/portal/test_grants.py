"""What a registry client gets of what it asks for."""

from __future__ import annotations

from portal.registry.grants import NOTHING, PULL, PUSH, Access, grant, parse_scopes


def test_scopes_are_read_from_one_parameter_or_several() -> None:
    one = parse_scopes(["repository:a/b:pull repository:c/d:pull,push"])
    two = parse_scopes(["repository:a/b:pull", "repository:c/d:pull,push"])
    assert one == two == [Access("repository", "a/b", PULL), Access("repository", "c/d", PUSH)]


def test_what_is_no_scope_is_left_out() -> None:
    assert parse_scopes(["", "nonsense", "repository:", "a:b"]) == []


def test_only_what_the_rights_hold_is_granted() -> None:
    asked = parse_scopes(["repository:a/b:pull,push,delete repository:a/bb:pull registry:catalog:*"])
    granted = grant(asked, lambda name: PUSH if name == "a/b" else NOTHING)
    assert granted == [Access("repository", "a/b", PUSH)]
