"""Clients of AWS's services, and their errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from spot.errors import PermanentError, SpotError, TemporaryError

# A queue is asked with a wait of 20 s; an answer after 30 s will not come.
READ_SECONDS = 30
# A wrong right or a wrong request stays wrong. A queue or credentials that are not there yet may come.
PERMANENT = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "InvalidParameterValue",
        "UnauthorizedOperation",
        "UnsupportedOperation",
        "ValidationError",
    }
)


def client(service: str, region: str, endpoint_url: str = "") -> Any:
    """A client with deadlines, safe to share between threads; credentials come from boto3's usual places.

    `region` "" takes the environment's; `endpoint_url` "" takes AWS's own.
    """
    with answering(f"find the credentials for {service}"):
        return boto3.session.Session().client(
            service,
            region_name=region or None,
            endpoint_url=endpoint_url or None,
            config=Config(
                connect_timeout=5,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 2},
                tcp_keepalive=True,
            ),
        )


@contextmanager
def answering(doing: str) -> Iterator[None]:
    """Raises TemporaryError or PermanentError for what boto3 raises inside; `doing` says what was tried."""
    try:
        yield
    except (ClientError, BotoCoreError, ResponseParserError) as error:
        raise _ours(error, doing) from error


def error_code(error: BaseException | None) -> str:
    """AWS's word for it, such as InvalidInstanceID.NotFound; "" if AWS itself did not answer."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _ours(error: Exception, doing: str) -> SpotError:
    text = f"AWS did not {doing}: {error}"[:600]
    if error_code(error) in PERMANENT:
        return PermanentError(text)
    return TemporaryError(text)
