"""Messages as no AWS would send them: real ones with something wrong in them, and plain junk."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.unit.spot.messages.shapes import EVERY_SHAPE, INSTANCE, OTHER, Shape, sns

FOREIGN = "i-0fffffffffffffff1"
"""An instance that is named only where no message names one."""

BAD_IDS: list[object] = [
    "", "i-", "I-1234567890ABCDEF0", "i-1234567", "i-1234567890abcdef01", f"{INSTANCE}\n", f" {INSTANCE}",
    f"{INSTANCE},madang.dev/x=y", f"{INSTANCE}/../{OTHER}", f"{INSTANCE}=={OTHER}", f"in ({INSTANCE})",
    f"arn:aws:ec2:us-east-2:123456789012:instance/{INSTANCE}", "i-1234567890abcdeg0", "ｉ-1234567890abcdef0",
    "i-١٢٣٤٥٦٧٨", "\ud800", "\x00", [INSTANCE], {"id": INSTANCE}, 17, True, None, 1e308, [], {},
]  # fmt: skip
HOSTILE: list[object] = [
    *BAD_IDS, FOREIGN, "x" * 300, "\ud83d", "\u202e", "$(reboot)", "'; DROP TABLE nodes; --",
    "../../etc/passwd", "{{7*7}}", "%s%n", -1, 0, 10**400, -(10**30), 0.1, 1e400, 10**18,
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "-2026-11-25",
    "Mon, 99 Foo 99999999 99:99:99 +99999999", "Thu, 01 Jan 1970 00:00:00 -9999",
    [[[[]]]], {"": {"": {}}}, [None] * 9, {"entityValue": FOREIGN},
    "autoscaling:EC2_INSTANCE_TERMINATING", "aws.ec2",
]  # fmt: skip


def mutated(count: int, seed: int) -> Iterator[str]:
    """`count` bodies; the same ones for the same seed."""
    random = Random(seed)
    for _ in range(count):
        yield random.choice(MUTATIONS)(random, copy.deepcopy(random.choice(EVERY_SHAPE)))


def enormous() -> list[str]:
    """Bodies of the greatest size that a queue takes, and a little over."""
    megabyte = "x" * (1 << 20)
    return [
        megabyte,
        json.dumps({"detail-type": megabyte, "source": megabyte, "detail": megabyte}),
        json.dumps(sns(megabyte)),
        "[" * (1 << 20),
        '{"detail":' * 100_000,
        json.dumps({**EVERY_SHAPE[0], "detail": [INSTANCE] * 50_000}),
        json.dumps({**EVERY_SHAPE[0], "time": "9" * (1 << 20)}),
        "9" * (1 << 20),
        "\ud800" * (1 << 18),
        '"' + "\\u0000" * (1 << 17) + '"',
    ]


def _replaced(random: Random, shape: Shape) -> str:
    for _ in range(random.randint(1, 4)):
        holder, key = random.choice(list(_places(shape)))
        holder[key] = copy.deepcopy(random.choice(HOSTILE))
    return json.dumps(shape)


def _removed(random: Random, shape: Shape) -> str:
    for _ in range(random.randint(1, 3)):
        if places := list(_places(shape)):
            holder, key = random.choice(places)
            del holder[key]
    return json.dumps(shape)


def _beside(random: Random, shape: Shape) -> str:
    """A good instance's id where the message does not name one."""
    holders = [holder for holder, _ in _places(shape) if isinstance(holder, dict)]
    key = random.choice(
        ["instance", "InstanceId", "instance_id", "instance-ids", "instanceId", "Instance-Id"]
    )
    random.choice(holders)[key] = random.choice([FOREIGN, [FOREIGN], {"instance-id": FOREIGN}])
    shape["resources"] = [f"arn:aws:ec2:us-east-2:999999999999:instance/{FOREIGN}"]
    return json.dumps(shape)


def _elsewhere(random: Random, shape: Shape) -> str:
    shape["region"] = random.choice(["eu-north-1", "cn-north-1", "", None, ["us-east-1"]])
    shape["account"] = random.choice(["999999999999", 999999999999, "root", {}])
    return json.dumps(shape)


def _torn(random: Random, shape: Shape) -> str:
    text = json.dumps(shape)
    return text[: random.randrange(len(text))] + random.choice(
        ["", text[random.randrange(len(text)) :], "}" * 9]
    )


def _scratched(random: Random, shape: Shape) -> str:
    letters = list(json.dumps(shape))
    for _ in range(random.randint(1, 8)):
        letters[random.randrange(len(letters))] = random.choice(
            ['"', "{", "]", "\\", "\x00", "\ud800", "9", "é", ":"]
        )
    return "".join(letters)


def _doubled(random: Random, shape: Shape) -> str:
    """Some key twice, which JSON allows and leaves open."""
    text = json.dumps(shape)
    key = random.choice(list(shape))
    return text[:-1] + f", {json.dumps(key)}: {json.dumps(random.choice(HOSTILE))}}}"


def _exchanged(random: Random, shape: Shape) -> str:
    """The type of one message over the words of another."""
    other = random.choice(EVERY_SHAPE)
    for key in random.sample(
        ["detail-type", "source", "detail", "Service", "Type", "LifecycleTransition"], 2
    ):
        if key in other:
            shape[key] = copy.deepcopy(other[key])
    return json.dumps(shape)


def _wrapped(random: Random, shape: Shape) -> str:
    wraps = [
        sns(shape), sns(sns(shape)), [shape], {"Records": [{"body": json.dumps(shape)}]}, {"detail": shape},
        json.dumps(shape), {**sns(""), "Message": shape}, {**sns(""), "Message": [json.dumps(shape)]},
    ]  # fmt: skip
    return json.dumps(random.choice(wraps))


def _deep(random: Random, shape: Shape) -> str:
    depth = random.choice([50, 500, 5_000, 50_000])
    text = json.dumps({**shape, "detail": "@"})
    return text.replace('"@"', '{"a":[' * depth + "1" + "]}" * depth)


MUTATIONS = [
    _replaced, _replaced, _replaced, _removed, _beside, _elsewhere, _torn, _scratched, _doubled, _exchanged,
    _wrapped, _deep,
]  # fmt: skip


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) at which something stands."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
