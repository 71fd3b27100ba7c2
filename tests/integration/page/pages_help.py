from __future__ import annotations

from tests.integration.page.registered import Registered

PAGES = [
    Registered("help-home"),
    Registered("help-guide", {"name": "students"}, name="students"),
    Registered("help-guide", {"name": "owners"}, name="owners"),
    Registered("help-operators", who="operator"),
    Registered("help-images", who="operator"),
]
