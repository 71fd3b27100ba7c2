"""What a page takes back after a moment stays, so that a test may look at it later."""

from __future__ import annotations

from playwright.sync_api import Page

# As copy.js has it: for so long a button says that it has copied.
_TOLD_MILLISECONDS = 2000


def lasting(page: Page) -> None:
    """For every page that this one opens from now on."""
    page.add_init_script(
        f"""const later = window.setTimeout.bind(window);
        window.setTimeout = (what, wait, ...given) =>
          later(what, wait === {_TOLD_MILLISECONDS} ? 3_600_000 : wait, ...given);"""
    )
