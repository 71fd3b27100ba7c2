"""Ten thousand messages that no AWS would send: none raises, each is counted, none speaks for a stranger."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from spot.interruption import begin, merge
from spot.messages import Reading, read
from spot.messages.reading import KINDS, UNREADABLE
from spot.sources.sqs_metrics import QueueMetrics
from tests.unit.spot.messages.mutations import FOREIGN, HOSTILE, enormous, mutated
from tests.unit.spot.messages.shapes import EVERY_SHAPE, RECEIVED

MUTATED, INVENTED = 9_000, 1_000
WORDS = {kind for kind, _ in KINDS.values()} | {"noop", UNREADABLE}
INSTANCE_ID = re.compile(r"\Ai-[0-9a-f]{8,17}\Z")


def named(body: str) -> Iterator[object]:
    """What stands at the places where AWS documents an instance's id; written apart from the reader."""
    message = parsed(body)
    for each in (message, parsed(message.get("Message"))):
        yield each.get("EC2InstanceId")
        detail = each.get("detail")
        if isinstance(detail, dict):
            yield detail.get("instance-id")
            yield detail.get("EC2InstanceId")
            affected = detail.get("affectedEntities")
            for entity in affected if isinstance(affected, list) else ():
                yield entity.get("entityValue") if isinstance(entity, dict) else None


def parsed(text: Any) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def check(body: str) -> Reading:
    reading = read(body, RECEIVED)
    assert reading.kind in WORDS
    assert not (reading.problem and reading.notices)
    assert len(reading.problem) < 500
    assert reading.problem.isascii()
    places = list(named(body)) if reading.notices else []
    for notice in reading.notices:
        assert INSTANCE_ID.match(notice.instance_id)
        assert notice.instance_id in places
        assert notice.instance_id != FOREIGN or FOREIGN in places
        assert notice.node is None
        assert notice.noticed_at <= RECEIVED + timedelta(minutes=5)
        words = [notice.detail, *(vars(notice.hook).values() if notice.hook else ())]
        assert all(word.isascii() and (word.isprintable() or not word) and len(word) <= 255 for word in words)
        known = begin(notice)
        assert merge(known, notice) is known
    return reading


def test_mutated_messages_never_raise_and_are_each_counted() -> None:
    registry = CollectorRegistry()
    metrics = QueueMetrics(registry)
    bodies = [*mutated(MUTATED, seed=20261125), *enormous()]
    for body in bodies:
        metrics.count(check(body))
    counted = [
        sample
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "madang_spot_queue_messages_total"
    ]
    assert sum(sample.value for sample in counted) == len(bodies) >= MUTATED
    # The corpus is no straw man: every kind is met, each in several ways.
    assert {sample.labels["kind"] for sample in counted} == WORDS
    assert {sample.labels["said"] for sample in counted} == {"notice", "nothing", "malformed"}


def test_a_message_mutated_or_not_says_the_same_twice() -> None:
    for body in mutated(500, seed=7):
        assert read(body, RECEIVED) == read(body, RECEIVED)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = sorted({key for shape in EVERY_SHAPE for part in (shape, shape.get("detail")) for key in part or ()})
DETAIL = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=8)
TYPES = st.sampled_from([detail_type for _, detail_type in KINDS])
SOURCES = st.sampled_from([source for source, _ in KINDS])
EVENT = st.fixed_dictionaries(
    {"source": SOURCES | JSON, "detail-type": TYPES | JSON, "detail": DETAIL | JSON}, optional={"time": JSON}
)
BODY = st.one_of(
    st.text(),
    st.binary().map(lambda junk: junk.decode("latin-1")),
    JSON.map(json.dumps),
    DETAIL.map(json.dumps),
    EVENT.map(json.dumps),
)


@settings(
    max_examples=INVENTED,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(BODY)
def test_invented_messages_never_raise(body: str) -> None:
    check(body)


def test_what_is_not_even_text_does_not_raise() -> None:
    for body in (b"{}", b"\xff", None, 5, [], {}, object()):
        assert read(body, RECEIVED).kind == UNREADABLE  # type: ignore[arg-type]
