"""The browser that the tests look at pages with: Chromium, as its package for no screen at all is built."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, Playwright

# The first has no desktop's profile, extensions and menus to set up for each visitor. The others do as well.
_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")


def launch(playwright: Playwright) -> Browser:
    found = next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    assert found, "no Chromium on this machine: bin/setup --tests installs it"
    return playwright.chromium.launch(
        executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
    )
