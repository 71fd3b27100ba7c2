"""Where a webhook may go, what it is told there, and when it is tried again."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.notifications.payloads import payload, signed  # noqa: E402 - models need settings
from portal.notifications.public_address import is_allowed  # noqa: E402
from portal.notifications.retrying import is_final, wait_after  # noqa: E402
from portal.notifications.targets import checked  # noqa: E402
from portal.notifications.wording import Told, message  # noqa: E402
from portal.problems import Problem  # noqa: E402

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
FAILED = Told("deploy-failed", AT, "robots", "arm", {"what": "It <broke> @everyone.", "evidence": "a & b"})


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_world_are_allowed(address: str) -> None:
    assert is_allowed(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104 - nobody binds to it
        "10.96.0.1",
        "172.16.0.1",
        "172.30.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "169.254.170.2",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:5601:5601",
        "2001:db8::1",
        "100::1",
        "localhost",
        "",
    ],
)
def test_addresses_inside_and_those_that_lead_there_are_not(address: str) -> None:
    assert not is_allowed(address)


def test_an_operator_may_name_networks_inside() -> None:
    assert is_allowed("10.20.0.7", ["10.20.0.0/24"])
    assert is_allowed("::ffff:10.20.0.7", ["10.20.0.0/24"])
    assert not is_allowed("10.21.0.7", ["10.20.0.0/24"])


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("email", "club@school.example"),
        ("discord", "https://discord.com/api/webhooks/123/abc-DEF_9"),
        ("slack", "https://hooks.slack.com/services/T0/B0/x"),
        ("webhook", "https://example.org/hook?x=1"),
        ("webhook", "https://example.org:8443/"),
    ],
)
def test_targets_that_may_be(kind: str, target: str) -> None:
    assert checked(kind, f" {target}\n") == target


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("email", "two@a.example,three@b.example"),
        ("email", "x@y.example\nBcc: z@z.example"),
        ("email", "nobody"),
        ("discord", "https://discord.com.evil.example/api/webhooks/1/x"),
        ("discord", "http://discord.com/api/webhooks/1/x"),
        ("discord", "https://discord.com/other"),
        ("slack", "https://hooks.slack.com.evil.example/services/x"),
        ("webhook", "ftp://example.org/"),
        ("webhook", "file:///etc/passwd"),
        ("webhook", "https://user:pass@example.org/"),
        ("webhook", "https://example.org:25/"),
        ("webhook", "http://127.0.0.1/"),
        ("webhook", "http://2130706433/"),
        ("webhook", "http://[::1]/"),
        ("webhook", "http://[::ffff:169.254.169.254]/latest"),
        ("webhook", "http://169.254.169.254/latest/meta-data"),
        ("webhook", "https://exa mple.org/"),
        ("webhook", "https://example.org/\r\nX: y"),
        ("webhook", "https://example.org:99999/"),
        ("webhook", "https://[::1"),
        ("webhook", "https://" + "a" * 1000),
    ],
)
def test_targets_that_may_not_be(kind: str, target: str) -> None:
    with pytest.raises(Problem) as refused:
        checked(kind, target)
    assert refused.value.status == 422


def test_a_signature_is_of_the_moment_and_the_body() -> None:
    expected = hmac.new(b"secret", b"1700000000.{}", hashlib.sha256).hexdigest()
    assert signed("secret", 1700000000, b"{}") == f"v1={expected}"
    assert signed("secret", 1700000001, b"{}") != f"v1={expected}"


def test_a_chat_gets_text_that_calls_nobody_and_is_no_markup() -> None:
    told = message(FAILED)
    discord = json.loads(payload("discord", 1, FAILED, told, "http://m/x"))
    assert discord["allowed_mentions"] == {"parse": []}
    assert discord["embeds"][0]["title"] == "The deploy of robots/arm failed"
    assert "\\<broke\\> \\@everyone" in discord["embeds"][0]["description"]
    slack = json.loads(payload("slack", 1, FAILED, told, "http://m/x"))
    assert {block["text"]["type"] for block in slack["blocks"]} == {"plain_text"}
    assert "<" not in slack["text"]


def test_a_backslash_in_a_log_frees_no_mark_in_a_chat() -> None:
    told = message(replace(FAILED, data={**FAILED.data, "what": r"\[Log in\](https://elsewhere.example)"}))
    discord = json.loads(payload("discord", 1, FAILED, told, "http://m/x"))
    assert r"\\\[Log in\\\](https" in discord["embeds"][0]["description"]


def test_a_generic_webhook_gets_all_that_is_known() -> None:
    got = json.loads(payload("webhook", 7, FAILED, message(FAILED), "http://m/clubs/robots/arm"))
    assert (got["id"], got["event"], got["club"], got["project"]) == (7, "deploy-failed", "robots", "arm")
    assert got["at"] == "2026-03-02T12:00:00Z"
    assert got["data"]["what"] == "It <broke> @everyone."


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("live", {"release": 3, "url": "http://x"}),
        ("gap", {"seconds": 0.4, "reason": "no room"}),
        ("budget", {"memory": 95}),
        ("request", {"what": "signup", "name": "Robots"}),
        ("request", {"what": "budget", "name": "Robots"}),
        ("test", {}),
    ],
)
def test_every_event_has_its_words(kind: str, data: dict[str, object]) -> None:
    said = message(Told(kind, AT, "robots", "arm", data))
    assert said.title
    assert said.lines
    assert said.path.startswith("/")


def test_a_delivery_is_tried_for_a_day_and_then_given_up() -> None:
    waits = [wait_after(failures) for failures in range(1, 10)]
    assert waits[0] == timedelta(seconds=10)
    assert waits[-1] is None
    told = [wait for wait in waits if wait]
    assert told == sorted(told)
    assert sum(told, timedelta()) > timedelta(days=1)
    assert wait_after(1, 90) == timedelta(seconds=90)


def test_what_will_never_be_taken_is_not_tried_again() -> None:
    assert all(is_final(status) for status in (301, 307, 401, 404, 410))
    assert not any(is_final(status) for status in (408, 425, 429, 500, 503))
