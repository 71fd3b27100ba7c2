"""Reports to test with."""

from __future__ import annotations

from typing import Any


def pod(uid: str = "a", **changes: Any) -> dict[str, Any]:
    return {
        "namespace": "club-chess",
        "name": f"blog-{uid}",
        "uid": f"uid-{uid}",
        "owner": "Deployment/blog",
        "club": "chess",
        "project": "blog",
        "way": "handoff",
        "state": "waiting",
        "detached_at": None,
        "replacement": None,
        "replacement_node": None,
        "ready_at": None,
        "unserved_at": None,
        "retired_at": None,
        "blocked_since": None,
        "blocked_reason": None,
        "gap_seconds": None,
        "gap_reason": None,
        **changes,
    }


def report(revision: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": "int-0123456789ab",
        "revision": revision,
        "state": "noticed",
        "node": "spot-1",
        "instance_id": "i-0123456789abcdef0",
        "kind": "spot-interruption",
        "capacity_type": "spot",
        "zone": "local-a",
        "instance_type": "m5.large",
        "sources": ["imds", "sqs"],
        "detail": None,
        "noticed_at": "2026-11-25T03:00:00.000Z",
        "deadline": "2026-11-25T03:02:00.000Z",
        "fenced_at": None,
        "moving_at": None,
        "clear_at": None,
        "gone_at": None,
        "cancelled_at": None,
        "pods": [],
        **changes,
    }
