from __future__ import annotations

from tests.integration.page.registered import Registered

PAGES = [
    Registered("front-home"),
    Registered("front-home", who="newcomer", name="without-a-club"),
    Registered("front-status"),
]
