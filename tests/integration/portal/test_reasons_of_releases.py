import pytest
from django.utils.translation import override
from portal.web.pages.project.reasons import reason_of


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ("commit 4da5414", "a push"),
        ("build 17 again (commit 4da5414)", "build 17 again"),
        ("rollback to release 3", "back to release 3"),
        ("restart of release 3", "restart of release 3"),
        ("config A, B, C and 2 more", "variables A, B, C and 2 more"),
        ("config GREETING", "variables GREETING"),
        ("address eyes", "another address: eyes"),
        ("something of later", "something of later"),
    ],
)
def test_a_release_says_why_it_was_made(description: str, told: str) -> None:
    with override("en"):
        assert reason_of(description) == told
