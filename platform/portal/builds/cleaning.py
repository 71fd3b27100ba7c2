"""What an ended build leaves in the cluster is removed; a crash before that is made good by the sweep."""

from __future__ import annotations

import logging

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from deployer.errors import DeployerError, TemporaryError
from portal import cluster
from portal.builds.models import BUILD_STATES, Build
from portal.builds.ordering import order_of

logger = logging.getLogger(__name__)


def unclean() -> QuerySet[Build]:
    """Builds that have ended and may still have a Job, those first whose cleaning was tried longest ago, or
    never."""
    ended = Build.objects.filter(state__in=BUILD_STATES.terminal, cleaned_at=None)
    return ended.order_by(F("retry_at").asc(nulls_first=True), "id")


def clean(build_id: int) -> bool:
    """Removes the Job and its Secrets of an ended build; one that is not ended is left alone.

    False: the cluster does not answer, and will not for the next one either.
    """
    build = unclean().select_related("project__club").filter(pk=build_id).first()
    if build is None:
        return True
    try:
        if build.started_at is not None:
            cluster.builder().clean(order_of(build))
    except DeployerError as error:
        logger.warning(
            "build not cleaned yet", extra={"build": build_id, "explanation": error.explanation.to_dict()}
        )
        # Behind all others: what cannot be cleaned keeps none of them from it.
        Build.objects.filter(pk=build_id).update(retry_at=Now())
        return not isinstance(error, TemporaryError)
    Build.objects.filter(pk=build_id).update(cleaned_at=Now())
    return True


def clean_again(build_id: int) -> None:
    """A worker lost its lease and may have started the Job after the build had ended and was cleaned."""
    Build.objects.filter(pk=build_id, state__in=BUILD_STATES.terminal).update(cleaned_at=None)
