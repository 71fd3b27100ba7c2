"""One platform for all end-to-end tests: made fresh, thrown away after, also after a run that was killed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcluster.instance import Instance
from tests.clusters import the_only_one
from tests.e2e.road import Road, road


@pytest.fixture(scope="session")
def platform() -> Iterator[Road]:
    with the_only_one(), road(Instance.from_environment()) as on:
        done = on.cluster("destroy", "--yes")
        assert done.status == 0, done.output
        try:
            done = on.cluster("up")
            assert done.status == 0, done.output
            yield on
        finally:
            on.cluster("destroy", "--yes")
