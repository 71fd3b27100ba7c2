"""All tests use an embedded cluster of their own, beside a real one that may run on the same machine."""

from __future__ import annotations

import os

from tests.clusters import PLATFORM


def pytest_configure() -> None:
    for name, value in PLATFORM.items():
        os.environ.setdefault(name, value)
