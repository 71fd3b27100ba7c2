from __future__ import annotations

from django.db import models

from portal.releases.models.progressing import Progressing


class Halt(Progressing):
    """A project whose copies stand at zero, as its club is suspended: from then until it answers again.

    `stopped_at` is when the cluster was told so; None while it has to be told. Once the club is resumed, a
    worker tells the cluster of the live release as it was, and the row goes.
    """

    project = models.OneToOneField("projects.Project", on_delete=models.CASCADE, related_name="halt")
    created_at = models.DateTimeField(auto_now_add=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"halt {self.pk} of {self.project}"
