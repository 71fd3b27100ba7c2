"""The main road on an embedded cluster of the tests' own: the same walk as the demo's."""

import pytest

from tests.e2e import demo
from tests.e2e.road import Road
from tests.proof import Proof

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("lost nodes")]


def test_the_demo_proves_every_row(platform: Road) -> None:
    proof = Proof("test-demo")
    try:
        demo.walk(platform, proof)
    finally:
        proof.finish()
    assert [row.name for row in proof.rows if not row.holds] == []
