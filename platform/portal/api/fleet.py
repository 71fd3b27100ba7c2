"""What the spot handler reports about nodes that go."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import ValidationError
from ninja.security import APIKeyHeader
from pydantic import ValidationError as Misshapen

from portal.environment import environment
from portal.fleet.actions import record
from portal.fleet.report import InterruptionReport
from portal.fleet.signature import check_signature, check_time
from portal.problems import invalid, problem

BODY_BYTES = 2 << 20

router = Router(tags=["fleet"])


@dataclass(frozen=True)
class Signed:
    """A body whose signature was good."""

    body: bytes


class ReportSignature(APIKeyHeader):
    """`X-Madang-Timestamp` and `X-Madang-Signature` over the whole request; no access key opens this."""

    param_name = "X-Madang-Signature"

    def authenticate(self, request: HttpRequest, key: str | None) -> Signed:
        timestamp = request.headers.get("X-Madang-Timestamp", "")
        check_time(timestamp, time.time())
        # Not `request.body`, which takes what comes when no length was announced.
        body = request.read(BODY_BYTES + 1)
        if len(body) > BODY_BYTES:
            raise problem(413, "too-large", "The report is larger than 2 MiB.", "Report fewer pods at once.")
        check_signature(
            environment().spot_report_keys,
            key or "",
            timestamp=timestamp,
            method=request.method or "",
            path=request.path,
            body=body,
        )
        return Signed(body)


class Kept(Schema):
    id: str
    revision: int
    state: str
    changed: bool


# docs/architecture.md describes it: nothing that a person's command would call.
@router.put("/fleet/interruptions/{id}", response=Kept, auth=ReportSignature(), include_in_schema=False)
def put_interruption(request: HttpRequest, id: str) -> Kept:
    """The record of one interruption, whole. An equal or earlier revision changes nothing and is no error."""
    signed = cast("Signed", request.auth)  # type: ignore[attr-defined]
    try:
        report = InterruptionReport.model_validate_json(signed.body)
    except Misshapen as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        raise ValidationError([{**each} for each in wrong]) from error
    if report.id != id:
        raise invalid(
            "other-id",
            "The report is about another interruption than its address.",
            "Send it to its own address.",
        )
    kept = record(report)
    return Kept(id=report.id, revision=kept.revision, state=kept.state, changed=kept.changed)
