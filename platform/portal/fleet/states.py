"""The words of the spot handler's contract."""

from __future__ import annotations

from django.db.models import TextChoices


class InterruptionState(TextChoices):
    NOTICED = "noticed"
    FENCED = "fenced"
    MOVING = "moving"
    CLEAR = "clear"
    GONE = "gone"
    CANCELLED = "cancelled"


class Way(TextChoices):
    """How a pod leaves its node. Those that are left (a node's own agents) end with it."""

    HANDOFF = "handoff"
    EVICT = "evict"
    BUILD = "build"
    LEAVE = "leave"


class PodState(TextChoices):
    WAITING = "waiting"
    DETACHED = "detached"
    READY = "ready"
    UNSERVED = "unserved"
    RETIRED = "retired"
    RESTORED = "restored"
    LOST = "lost"
