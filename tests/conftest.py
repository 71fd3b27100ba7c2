"""All tests use an embedded cluster of their own, beside a real one that may run on the same machine."""

from __future__ import annotations

import os

import pytest

from tests.clusters import PLATFORM


def pytest_configure() -> None:
    for name, value in PLATFORM.items():
        os.environ.setdefault(name, value)


# As much again as other tests have: several clusters and the other tests beside them share the processors.
CLUSTER_SECONDS = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """How long a cluster waits for its place and comes up counts for no test."""
    for item in items:
        if item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.timeout(CLUSTER_SECONDS, func_only=True))
