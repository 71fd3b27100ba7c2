"""Which symbolic links leave the tree."""

from __future__ import annotations

import pytest

from deployer.source.tree import leaves_tree


@pytest.mark.parametrize(
    ("link", "targets", "leaves"),
    [
        ("a", {"a": "b"}, False),
        ("d/a", {"d/a": "../b"}, False),
        ("a", {"a": "../b"}, True),
        ("d/a", {"d/a": "../../b"}, True),
        ("a", {"a": "/etc/passwd"}, True),
        # The detour: d/up is the root, so d/up/.. is its parent, though it reads like d.
        ("a", {"a": "d/up/..", "d/up": ".."}, True),
        ("a", {"a": "d/in/..", "d/in": "sub/deep"}, False),
        ("a", {"a": "b", "b": "/etc"}, True),
        ("a", {"a": "b", "b": "a"}, False),
        ("a", {"a": "./x//y/."}, False),
        ("a", {"a": "x/" * 100}, False),
        # No honest project has such: to follow tens of thousands takes minutes.
        ("a", {"a": "x/" * 1000}, True),
    ],
)
def test_a_link_is_followed_as_the_kernel_would(link: str, targets: dict[str, str], leaves: bool) -> None:
    assert leaves_tree(link, targets) is leaves
