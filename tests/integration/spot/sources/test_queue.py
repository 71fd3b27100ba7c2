"""The queue as moto plays SQS: what is acknowledged is gone, what is not comes again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.stub import Stubber
from prometheus_client import CollectorRegistry

from spot.cloud.aws import client as aws_client
from spot.errors import PermanentError, TemporaryError
from spot.interruption import Kind
from spot.sources.sqs import Message, Queue
from spot.sources.sqs_metrics import QueueMetrics
from tests.integration.spot.sources.conftest import REGION
from tests.unit.spot.messages import shapes

pytestmark = pytest.mark.xdist_group("sources")
PATIENCE_SECONDS = 300.0


@pytest.fixture(scope="session")
def sqs(aws: str) -> Any:
    return aws_client("sqs", REGION, aws)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def url(sqs: Any) -> Iterator[str]:
    url = sqs.create_queue(QueueName=f"notices-{time.monotonic_ns()}")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def long_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was received comes again when a test says so, and not because it took its time."""
    monkeypatch.setattr("spot.sources.sqs.HIDDEN_SECONDS", 3600)


@pytest.fixture
def queue(sqs: Any, url: str, registry: CollectorRegistry) -> Queue:
    return Queue(sqs, url, QueueMetrics(registry))


def send(sqs: Any, url: str, *bodies: object) -> None:
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body if isinstance(body, str) else json.dumps(body))


def left(sqs: Any, url: str) -> int:
    """Messages that are not deleted, hidden ones too."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(told[name]) for name in names)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def receive(queue: Queue) -> tuple[Message, ...]:
    return queue.receive(wait_seconds=1)


def following(queue: Queue, deliver: Callable[[Message], None]) -> Iterator[None]:
    stopped = threading.Event()
    thread = threading.Thread(target=queue.follow, args=(deliver, stopped), daemon=True)
    thread.start()
    yield
    stopped.set()


def test_a_message_is_received_with_what_it_says(sqs: Any, url: str, queue: Queue) -> None:
    send(sqs, url, shapes.interruption())
    (message,) = receive(queue)
    assert [notice.kind for notice in message.reading.notices] == [Kind.SPOT_INTERRUPTION]
    assert message.sent_at
    assert message.sent_at <= message.received_at
    assert message.deliveries == 1


def test_an_acknowledged_message_comes_no_more(sqs: Any, url: str, queue: Queue) -> None:
    send(sqs, url, shapes.interruption())
    queue.acknowledge(*receive(queue))
    assert left(sqs, url) == 0


@pytest.mark.usefixtures("long_hidden")
def test_a_message_that_is_not_acknowledged_comes_again(sqs: Any, url: str, queue: Queue) -> None:
    send(sqs, url, shapes.interruption())
    (first,) = receive(queue)
    assert receive(queue) == ()
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first.receipt, VisibilityTimeout=0)
    (again,) = receive(queue)
    assert (again.id, again.reading) == (first.id, first.reading)
    assert again.deliveries == 2
    queue.acknowledge(again)
    assert left(sqs, url) == 0


@pytest.mark.usefixtures("long_hidden")
def test_more_than_a_batch_is_acknowledged_at_once(sqs: Any, url: str, queue: Queue) -> None:
    send(sqs, url, *[shapes.rebalance()] * 23)
    messages: list[Message] = []
    while len(messages) < 23:
        messages += receive(queue)
    queue.acknowledge(*messages)
    assert left(sqs, url) == 0


def test_to_acknowledge_nothing_asks_nothing(queue: Queue) -> None:
    queue.acknowledge()


def test_following_acknowledges_what_says_nothing_and_counts_it_all(
    sqs: Any, url: str, queue: Queue, registry: CollectorRegistry
) -> None:
    got: list[Message] = []

    def deliver(message: Message) -> None:
        got.append(message)
        queue.acknowledge(message)

    send(sqs, url, "junk", "[" * 9_999, shapes.trial_notification(), shapes.state_change("running"))
    send(sqs, url, shapes.interruption("explode"), {"detail-type": "?"}, shapes.sns(shapes.interruption()))
    follow = following(queue, deliver)
    next(follow)
    until(lambda: left(sqs, url) == 0)
    next(follow, None)
    assert [message.reading.kind for message in got] == ["spot-interruption"]
    counted = {
        (sample.labels["kind"], sample.labels["said"]): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "madang_spot_queue_messages_total"
    }
    assert counted == {
        ("unreadable", "malformed"): 2,
        ("test", "nothing"): 1,
        ("state-change", "nothing"): 1,
        ("spot-interruption", "malformed"): 1,
        ("noop", "nothing"): 1,
        ("spot-interruption", "notice"): 1,
    }
    assert registry.get_sample_value("madang_spot_queue_last_receive_timestamp_seconds")


def test_a_delivery_that_fails_leaves_its_message_and_stops_no_other(
    sqs: Any, url: str, queue: Queue, registry: CollectorRegistry
) -> None:
    delivered: list[str] = []

    def deliver(message: Message) -> None:
        instance = message.reading.notices[0].instance_id
        delivered.append(instance)
        if instance == shapes.INSTANCE and message.deliveries == 1:
            raise TemporaryError("the API server is away")
        queue.acknowledge(message)

    send(sqs, url, shapes.rebalance(shapes.INSTANCE), shapes.rebalance(shapes.OTHER))
    follow = following(queue, deliver)
    next(follow)
    until(lambda: left(sqs, url) == 0)
    next(follow, None)
    assert sorted(delivered) == sorted([shapes.INSTANCE, shapes.INSTANCE, shapes.OTHER])
    assert registry.get_sample_value("madang_spot_queue_failures_total", {"what": "deliver"}) == 1


def test_a_queue_that_is_not_there_yet_is_waited_for(sqs: Any, registry: CollectorRegistry, aws: str) -> None:
    name = f"late-{time.monotonic_ns()}"
    queue = Queue(sqs, f"{aws}/123456789012/{name}", QueueMetrics(registry))
    with pytest.raises(TemporaryError, match="does not exist"):
        receive(queue)
    got: list[Message] = []
    follow = following(queue, got.append)
    next(follow)
    failures = {"what": "receive"}
    until(lambda: (registry.get_sample_value("madang_spot_queue_failures_total", failures) or 0) >= 1)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    send(sqs, url, shapes.interruption())
    until(lambda: len(got) == 1)
    next(follow, None)


def test_without_credentials_it_is_temporary(
    aws: str, registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    queue = Queue(aws_client("sqs", REGION, aws), f"{aws}/123456789012/q", QueueMetrics(registry))
    with pytest.raises(TemporaryError, match="credentials"):
        receive(queue)


def test_without_a_region_it_is_said(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(TemporaryError, match="region"):
        aws_client("sqs", "", aws)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ThrottlingException", TemporaryError),
        ("RequestThrottled", TemporaryError),
        ("InternalError", TemporaryError),
        ("ExpiredToken", TemporaryError),
        ("AccessDenied", PermanentError),
    ],
)
def test_what_aws_refuses_is_told_apart(sqs: Any, queue: Queue, code: str, kind: type[Exception]) -> None:
    with Stubber(sqs) as stubber:
        stubber.add_client_error("receive_message", code)
        with pytest.raises(kind, match=code):
            receive(queue)


def test_a_message_that_aws_did_not_delete_is_said(sqs: Any, url: str, queue: Queue) -> None:
    send(sqs, url, shapes.interruption())
    (message,) = receive(queue)
    with Stubber(sqs) as stubber:
        failed = {"Id": "0", "SenderFault": False, "Code": "InternalError", "Message": "try again"}
        stubber.add_response("delete_message_batch", {"Successful": [], "Failed": [failed]})
        with pytest.raises(TemporaryError, match="try again"):
            queue.acknowledge(message)


def test_an_answer_that_is_no_aws_answer_is_temporary(registry: CollectorRegistry, aws: str) -> None:
    """moto answers a page of HTML to what it does not know, as a proxy in between may."""
    queue = Queue(aws_client("sqs", REGION, f"{aws}/moto-api/nothing"), f"{aws}/q", QueueMetrics(registry))
    with pytest.raises(TemporaryError):
        receive(queue)
