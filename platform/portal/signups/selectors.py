"""Reads of applications."""

from __future__ import annotations

from django.db.models import QuerySet

from deployer.sentence import Sentence
from portal.problems import not_found
from portal.signups.models import SignupRequest, SignupState


def waiting() -> QuerySet[SignupRequest]:
    """What operators have to decide, the longest wait first."""
    return SignupRequest.objects.filter(state=SignupState.WAITING).order_by("state_since", "id")


def decided() -> QuerySet[SignupRequest]:
    """What was decided, the newest first."""
    states = [SignupState.APPROVED, SignupState.DECLINED]
    return (
        SignupRequest.objects.filter(state__in=states).select_related("club").order_by("-state_since", "-id")
    )


def get(request_id: int) -> SignupRequest:
    """Raises a 404 problem."""
    request = SignupRequest.objects.select_related("club").filter(pk=request_id).first()
    if request is None:
        raise not_found(Sentence("application {number}", number=request_id))
    return request
