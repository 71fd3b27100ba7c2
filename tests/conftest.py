"""All tests use an embedded cluster of their own, beside a real one that may run on the same machine."""

from __future__ import annotations

import os

TEST_INSTANCE = {"MADANG_INSTANCE": "madang-test", "MADANG_PORT_OFFSET": "1000"}


def pytest_configure() -> None:
    for name, value in TEST_INSTANCE.items():
        os.environ.setdefault(name, value)
