"""Lists in pages: `limit` and `after`, the next page in the Link header (RFC 8288)."""

from __future__ import annotations

from typing import Annotated, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query

Row = TypeVar("Row", bound=Model)
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[str | None, Query(max_length=64, description="The last of the page before.")]


def page(
    request: HttpRequest,
    response: HttpResponse,
    rows: QuerySet[Row],
    field: str,
    *,
    limit: int,
    after: str | None,
    newest_first: bool = False,
    numeric: bool = False,
) -> list[Row]:
    """One page of rows in the order of a unique field; sets the Link header if there are more."""
    if after is not None and (not numeric or after.isdecimal()):
        rows = rows.filter(**{f"{field}__{'lt' if newest_first else 'gt'}": after})
    found = list(rows.order_by(f"-{field}" if newest_first else field)[: limit + 1])
    if len(found) > limit:
        found = found[:limit]
        query = request.GET.dict() | {"limit": limit, "after": getattr(found[-1], field)}
        response["Link"] = f'<{request.path}?{urlencode(query)}>; rel="next"'
    return found
