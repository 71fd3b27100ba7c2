"""A page above which stands what could not be done."""

from __future__ import annotations

from django.http import HttpResponse

from portal.problems import Limited, Problem


def with_refusal(page: HttpResponse, refused: Problem | None) -> HttpResponse:
    """The page with the status of what was refused, and with when the same works again, as the API has it."""
    if refused is not None:
        page.status_code = refused.status
    if isinstance(refused, Limited):
        page["Retry-After"] = str(refused.retry_after_seconds)
    return page
