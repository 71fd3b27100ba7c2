from __future__ import annotations

from typing import Any

from django.db import models


class Probe(models.Model):
    """What a project's address last answered. `ok` None: it was not asked yet; `since` is when that began.

    `reason` and `detail` say why it does not answer (`portal.probing.words` makes sentences of them);
    `next_at` is when it is asked again.
    """

    project = models.OneToOneField(
        "projects.Project", on_delete=models.CASCADE, primary_key=True, related_name="probe"
    )
    next_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    ok = models.BooleanField(null=True)
    since = models.DateTimeField(null=True, blank=True)
    status = models.IntegerField(null=True, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="probes_due")]

    def __str__(self) -> str:
        return f"project {self.project_id}: {'ok' if self.ok else self.reason or 'not asked'}"
