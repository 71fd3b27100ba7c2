"""An explanation stands before git's refusal of a pack, wherever the network cut the answer."""

from __future__ import annotations

import os
from itertools import pairwise

import django
from hypothesis import given
from hypothesis import strategies as st

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.gitserver.settings import GitServerSettings  # noqa: E402 - words need Django's settings
from portal.gitserver.sideband import RefusalExplainer, explain_refusal, text_packet  # noqa: E402

from deployer.errors import Explanation  # noqa: E402

SETTINGS = GitServerSettings(push_limit_bytes=1 << 20)


def packet(band: int, text: bytes) -> bytes:
    return b"%04x%c%s" % (len(text) + 5, band, text)


REFUSED = (
    packet(2, b"fatal: pack exceeds maximum allowed size (1.00 MiB)\n")
    + packet(1, b"002bunpack index-pack abnormal exit\n0026ng refs/heads/main unpacker error\n0000")
    + b"0000"
)
ACCEPTED = packet(2, b"-----> Live\n") + packet(1, b"000eunpack ok\n0019ok refs/heads/main\n0000") + b"0000"


def explain(said: str) -> Explanation | None:
    return explain_refusal(said, SETTINGS)


def through(answer: bytes, cuts: list[int]) -> bytes:
    explainer = RefusalExplainer(explain)
    edges = [0, *sorted(cut % (len(answer) + 1) for cut in cuts), len(answer)]
    parts = [explainer.feed(answer[a:b]) for a, b in pairwise(edges)]
    return b"".join(parts) + explainer.end()


@given(st.lists(st.integers(min_value=0)))
def test_a_refused_pack_is_explained_before_the_report(cuts: list[int]) -> None:
    got = through(REFUSED, cuts)
    assert b"larger than the 1 MiB that are allowed" in got
    assert got.index(b"larger than") < got.index(b"unpack index-pack")
    assert got.endswith(REFUSED[-60:])


@given(st.lists(st.integers(min_value=0)))
def test_an_accepted_push_passes_unchanged(cuts: list[int]) -> None:
    assert through(ACCEPTED, cuts) == ACCEPTED


@given(st.binary(), st.lists(st.integers(min_value=0)))
def test_whatever_git_says_nothing_gets_lost(answer: bytes, cuts: list[int]) -> None:
    assert through(answer, cuts) == answer


def test_an_unknown_refusal_is_left_to_gits_words() -> None:
    assert explain_refusal("fatal: unresolved deltas", SETTINGS) is None


def test_a_text_packet_tells_its_length() -> None:
    assert text_packet("hi\n") == b"0008\x02hi\n"
