"""One platform for all end-to-end tests: made fresh, thrown away after, also after a run that was killed.

Of two processes (`-n 2 --dist loadgroup`) each has its own: tests mostly wait, but what one takes or breaks
is no other's to see.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from localcluster.instance import Instance
from tests.clusters import PLATFORM, SECOND_PLATFORM, standing
from tests.e2e.road import Road, road


@pytest.fixture(scope="session")
def platform(worker_id: str) -> Iterator[Road]:
    own = SECOND_PLATFORM if worker_id == "gw1" else PLATFORM
    with standing(own), patch.dict(os.environ, own), road(Instance.from_environment()) as on:
        try:
            done = on.cluster("up")
            assert done.status == 0, done.output
            yield on
        finally:
            on.cluster("destroy", "--yes")
