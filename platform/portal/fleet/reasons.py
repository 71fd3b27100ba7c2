"""Why a pod could not move, or left a gap: the spot handler's words (`spot.handoff`) as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

_WORDS: Mapping[str, Promise] = {
    # Nothing can take its place beside it.
    "recreate": gettext_lazy("its Deployment ends the old pod first (Recreate)"),
    "max-surge-0": gettext_lazy("its Deployment allows no pod beside it (maxSurge: 0)"),
    "volume": gettext_lazy("its volume can be on one node at a time"),
    "host-port": gettext_lazy("it holds a port of its node"),
    "selected-by-hash": gettext_lazy("something selects it by its pod-template-hash"),
    "not-detached": gettext_lazy("the cluster does not let it be detached from its ReplicaSet"),
    "statefulset": gettext_lazy("a StatefulSet runs no second one of it"),
    "no-deployment": gettext_lazy("it belongs to no Deployment"),
    "unmanaged": gettext_lazy("nothing starts it again elsewhere"),
    "not-opted-in": gettext_lazy("its Deployment does not ask to be handed over"),
    # What should take its place does not start.
    "no-room": gettext_lazy("no node has room for its replacement"),
    "quota": gettext_lazy("the namespace's quota has no room for its replacement"),
    "refused": gettext_lazy("the cluster refuses its replacement"),
    "replacement-late": gettext_lazy("its replacement was not ready in time"),
    "ImagePullBackOff": gettext_lazy("the image of its replacement cannot be pulled"),
    "CrashLoopBackOff": gettext_lazy("its replacement crashes as it starts"),
}


def in_words(reason: str) -> str:
    """In the language that is active; a word that nothing here knows (a kubelet's) stays as it is."""
    return str(_WORDS.get(reason, reason))
