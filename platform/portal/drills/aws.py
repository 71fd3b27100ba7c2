"""AWS Fault Injection Service: an experiment of one action that sends a spot interruption to one instance.

https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html#send-spot-instance-interruptions
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deployer.errors import Explanation, PermanentError, TemporaryError
from portal.drills.providers import DrillOrder, Ordered

ACTION = "aws:ec2:send-spot-instance-interruptions"
NOTICE = "PT2M"
_PASSES = frozenset({"ThrottlingException", "InternalServerException", "ServiceUnavailable"})


class FaultInjection:
    """`role_arn` is what FIS acts as; its account is the instance's. A drill's tokens make it idempotent."""

    name = "aws"

    def __init__(self, role_arn: str, region: str, client: Any = None) -> None:
        self._role_arn = role_arn
        self._region = region
        self._made = client

    def interrupt(self, order: DrillOrder) -> Ordered:
        token = f"madang-drill-{order.drill}"
        with _translated():
            template = self._client.create_experiment_template(clientToken=token, **self._template(order))
            started = self._client.start_experiment(
                clientToken=token, experimentTemplateId=template["experimentTemplate"]["id"]
            )
        # Its notice reaches the node some seconds after FIS has begun: the handler's record says when.
        return Ordered(str(started["experiment"]["id"]), None)

    def clean(self, reference: str) -> None:
        """The template goes (an account holds 500 of them), the experiment's own record stays."""
        with _translated():
            told = self._client.get_experiment(id=reference)["experiment"]
            self._client.delete_experiment_template(id=told["experimentTemplateId"])

    @property
    def _client(self) -> Any:
        if self._made is None:
            self._made = boto3.client("fis", region_name=self._region)
        return self._made

    def _template(self, order: DrillOrder) -> dict[str, Any]:
        partition, account = self._role_arn.split(":")[1], self._role_arn.split(":")[4]
        instance = f"arn:{partition}:ec2:{self._region}:{account}:instance/{order.instance_id}"
        return {
            "description": f"Madang drill {order.drill}: {order.node}",
            "roleArn": self._role_arn,
            # One instance that goes anyway is all that it does: there is nothing to stop.
            "stopConditions": [{"source": "none"}],
            "targets": {
                "node": {
                    "resourceType": "aws:ec2:spot-instance",
                    "resourceArns": [instance],
                    "selectionMode": "ALL",
                }
            },
            "actions": {
                "interrupt": {
                    "actionId": ACTION,
                    "parameters": {"durationBeforeInterruption": NOTICE},
                    "targets": {"SpotInstances": "node"},
                }
            },
            "tags": {"madang-drill": str(order.drill)},
        }


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise (TemporaryError if code in _PASSES else PermanentError)(_refused(error)) from error
    except BotoCoreError as error:
        raise TemporaryError(_refused(error)) from error


def _refused(error: Exception) -> Explanation:
    return Explanation(
        "cloud-refused",
        "AWS Fault Injection Service did not take the node.",
        str(error)[:600],
        "Check MADANG_DRILL_ROLE_ARN and what the workers' own role may do (docs/operators.md, Drills).",
    )
