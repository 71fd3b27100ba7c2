"""AWS Fault Injection Service is asked as its API wants it (botocore checks the shapes)."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from portal.drills.aws import FaultInjection
from portal.drills.providers import DrillOrder

from deployer.errors import PermanentError, TemporaryError

ROLE = "arn:aws:iam::123456789012:role/fis"
ORDER = DrillOrder(7, "ip-10-0-0-1", "i-0123456789abcdef0", "eu-west-1a")


@pytest.fixture
def fis() -> Any:
    return boto3.client(
        "fis", region_name="eu-west-1", aws_access_key_id="none", aws_secret_access_key="none"
    )


def test_one_instance_is_interrupted_with_two_minutes_notice(fis: Any) -> None:
    with Stubber(fis) as stub:
        stub.add_response(
            "create_experiment_template",
            {"experimentTemplate": {"id": "EXT1"}},
            {
                "clientToken": "madang-drill-7",
                "description": ANY,
                "roleArn": ROLE,
                "stopConditions": [{"source": "none"}],
                "targets": {
                    "node": {
                        "resourceType": "aws:ec2:spot-instance",
                        "resourceArns": ["arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"],
                        "selectionMode": "ALL",
                    }
                },
                "actions": {
                    "interrupt": {
                        "actionId": "aws:ec2:send-spot-instance-interruptions",
                        "parameters": {"durationBeforeInterruption": "PT2M"},
                        "targets": {"SpotInstances": "node"},
                    }
                },
                "tags": {"madang-drill": "7"},
            },
        )
        stub.add_response(
            "start_experiment",
            {"experiment": {"id": "EXP1"}},
            {"clientToken": "madang-drill-7", "experimentTemplateId": "EXT1"},
        )
        ordered = FaultInjection(ROLE, "eu-west-1", fis).interrupt(ORDER)
        assert (ordered.reference, ordered.deadline) == ("EXP1", None)


def test_the_template_goes_when_the_drill_is_over(fis: Any) -> None:
    with Stubber(fis) as stub:
        stub.add_response(
            "get_experiment", {"experiment": {"id": "EXP1", "experimentTemplateId": "EXT1"}}, {"id": "EXP1"}
        )
        stub.add_response("delete_experiment_template", {}, {"id": "EXT1"})
        FaultInjection(ROLE, "eu-west-1", fis).clean("EXP1")


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ThrottlingException", TemporaryError), ("AccessDeniedException", PermanentError)],
)
def test_a_refusal_says_what_to_check(fis: Any, code: str, kind: type[Exception]) -> None:
    with Stubber(fis) as stub:
        stub.add_client_error("create_experiment_template", code, "no")
        with pytest.raises(kind) as refused:
            FaultInjection(ROLE, "eu-west-1", fis).interrupt(ORDER)
        assert "MADANG_DRILL_ROLE_ARN" in refused.value.explanation.next  # type: ignore[attr-defined]
