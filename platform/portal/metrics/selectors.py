"""Reads of samples."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from portal.metrics.models import Sample
from portal.metrics.steps import Span
from portal.projects.models import Project


def samples(project: Project, span: Span, now: datetime | None = None) -> list[Sample]:
    """Those of the span, oldest first; none where nothing was measured."""
    since = (now or timezone.now()) - span.length
    return list(Sample.objects.filter(project=project, step_seconds=span.step, at__gte=since).order_by("at"))
