"""What EC2 itself describes of instances: their states and the events scheduled for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from spot.cloud.aws import answering, error_code
from spot.cloud.instance_id import PATTERN
from spot.errors import PermanentError, SpotError

CHUNK = 100
"""The most instances that DescribeInstanceStatus takes."""
NOT_FOUND = "InvalidInstanceID.NotFound"


class Ec2:
    """`client` is boto3's of EC2. Each read raises TemporaryError or PermanentError."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def states(self, instance_ids: Iterable[str]) -> dict[str, str | None]:
        """Each instance's state, such as running; None for one that EC2 does not know.

        EC2 forgets a terminated instance after about an hour, and may not know a new one for some seconds.
        Raises PermanentError when it knows none of them at all: then it is another region's or account's EC2
        that was asked, not a whole cluster that is gone.
        """
        states: dict[str, str | None] = dict.fromkeys(instance_ids)
        for chunk in _chunks(states):
            for instance in self._described(chunk):
                if instance["InstanceId"] in states:
                    states[instance["InstanceId"]] = instance["State"]["Name"]
        if states and not any(states.values()):
            raise PermanentError(
                f"EC2 knows none of the {len(states)} instances of this cluster's nodes. "
                "Check the handler's region and the account of its credentials."
            )
        return states

    def events(self, running: Iterable[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Each instance's scheduled events, also those that are over; all of `running` must be running."""
        for chunk in _chunks(running):
            with answering("describe the status of instances"):
                answer = self._client.describe_instance_status(InstanceIds=chunk)
            for status in answer.get("InstanceStatuses", []):
                yield status["InstanceId"], status.get("Events", [])

    def _described(self, chunk: Sequence[str]) -> Iterator[dict[str, Any]]:
        """What EC2 knows of these. It refuses them all for one that it does not know, and says which."""
        asked = list(chunk)
        while asked:
            try:
                with answering("describe instances"):
                    answer = self._client.describe_instances(InstanceIds=asked)
            except SpotError as error:
                unknown = _unknown(error, asked)
                if not unknown:
                    raise
                asked = [each for each in asked if each not in unknown]
            else:
                for reservation in answer["Reservations"]:
                    yield from reservation["Instances"]
                return


def _unknown(error: SpotError, asked: Sequence[str]) -> set[str]:
    cause = error.__cause__
    return set(PATTERN.findall(str(cause))) & set(asked) if error_code(cause) == NOT_FOUND else set()


def _chunks(instance_ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(instance_ids)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
