from __future__ import annotations

from django.db import models


class GivenUpSubdomain(models.Model):
    """A subdomain at which a project answered and does no more. Its visitors, their cookies and links to it
    are still about: for a while only the same club may take it. `club` is None once that is deleted."""

    subdomain = models.CharField(max_length=63, unique=True)
    club = models.ForeignKey("clubs.Club", null=True, on_delete=models.SET_NULL, related_name="+")
    given_up_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-given_up_at"]

    def __str__(self) -> str:
        return self.subdomain
