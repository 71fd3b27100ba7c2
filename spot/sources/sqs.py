"""The queue to which EventBridge, SNS and Auto Scaling groups send."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from spot import times
from spot.backoff import pause_seconds
from spot.cloud.aws import answering
from spot.errors import SpotError, TemporaryError
from spot.messages import Reading, read
from spot.sources.sqs_metrics import QueueMetrics

log = logging.getLogger(__name__)

BATCH = 10
WAIT_SECONDS = 20
"""Both are the most that SQS does."""
HIDDEN_SECONDS = 20
"""A message that is not acknowledged comes again after this: what a dead reader costs of a notice's 120 s."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0


@dataclass(frozen=True)
class Message:
    """One delivery of a message. `receipt` is good for this delivery only."""

    id: str
    receipt: str
    reading: Reading
    sent_at: datetime | None
    received_at: datetime
    deliveries: int


class Queue:
    """`client` is boto3's of SQS. Each call raises TemporaryError or PermanentError."""

    def __init__(self, client: Any, url: str, metrics: QueueMetrics) -> None:
        self._client = client
        self._url = url
        self._metrics = metrics

    def receive(self, wait_seconds: int = WAIT_SECONDS) -> tuple[Message, ...]:
        """The next messages, at most ten; none after `wait_seconds`. Each comes again unless acknowledged."""
        with answering(f"give messages of the queue {self._url}"):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=BATCH,
                WaitTimeSeconds=wait_seconds,
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            )
        received_at = times.now()
        self._metrics.received(received_at)
        return tuple(_message(each, received_at) for each in answer.get("Messages", []))

    def acknowledge(self, *messages: Message) -> None:
        """These have had their effect, and come no more."""
        for start in range(0, len(messages), BATCH):
            batch = messages[start : start + BATCH]
            entries = [{"Id": str(at), "ReceiptHandle": each.receipt} for at, each in enumerate(batch)]
            with answering(f"delete messages of the queue {self._url}"):
                answer = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
            if failed := answer.get("Failed"):
                raise TemporaryError(
                    f"{len(failed)} messages were not deleted and come again: {failed[0].get('Message')}"
                )

    def follow(self, deliver: Callable[[Message], None], stopped: threading.Event) -> None:
        """Deliver each message with a notice until `stopped`, for a thread of its own. No trouble ends it.

        `deliver` may be slow to act: to acknowledge is its business, whenever the effect is there. What it
        raises leaves the message to come again. Messages that say nothing are acknowledged here.
        """
        failures = 0
        while not stopped.is_set():
            try:
                messages = self.receive()
                self._sort(messages, deliver)
                failures = 0
            except Exception as error:
                failures += 1
                self._metrics.failures.labels("receive").inc()
                log.warning("the queue was not read: %s", error, exc_info=not isinstance(error, SpotError))
                stopped.wait(pause_seconds(failures, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS))

    def _sort(self, messages: tuple[Message, ...], deliver: Callable[[Message], None]) -> None:
        """Notices first: what says nothing can wait for its acknowledgement."""
        silent: list[Message] = []
        for message in messages:
            reading = message.reading
            self._metrics.count(reading)
            if reading.problem:
                log.warning("message %s (%s) says nothing: %s", message.id, reading.kind, reading.problem)
            if not reading.notices:
                silent.append(message)
                continue
            try:
                deliver(message)
            except Exception:
                self._metrics.failures.labels("deliver").inc()
                log.exception("message %s had no effect yet and comes again", message.id)
        self.acknowledge(*silent)


def _message(delivery: dict[str, Any], received_at: datetime) -> Message:
    attributes = delivery.get("Attributes", {})
    sent = int(attributes.get("SentTimestamp", 0))
    return Message(
        id=delivery["MessageId"],
        receipt=delivery["ReceiptHandle"],
        reading=read(delivery.get("Body", ""), received_at),
        sent_at=datetime.fromtimestamp(sent / 1000, UTC) if sent else None,
        received_at=received_at,
        deliveries=int(attributes.get("ApproximateReceiveCount", 1)),
    )
