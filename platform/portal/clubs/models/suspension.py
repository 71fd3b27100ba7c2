from __future__ import annotations

from django.db import models

from deployer.errors import Explanation
from deployer.sentence import Sentence

SUSPENDED = "club-suspended"
"""The reason of every refusal."""


class Suspension(models.Model):
    """A club whose projects stand still and that may not deploy. One without an end lasts.

    `why` is an operator's word to the club. `begun_by` and `ended_by` are principals' names.
    """

    club = models.ForeignKey("clubs.Club", on_delete=models.CASCADE, related_name="suspensions")
    why = models.TextField()
    begun_by = models.CharField(max_length=100)
    begun_at = models.DateTimeField(auto_now_add=True)
    ended_by = models.CharField(max_length=100, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["club"], name="one_lasting_suspension_a_club", condition=models.Q(ended_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.club} suspended since {self.begun_at}"

    @property
    def explanation(self) -> Explanation:
        """What is said to whoever wants more of the club than to read."""
        return Explanation(
            SUSPENDED,
            Sentence(
                "The club {club} is suspended: it can be looked at, and nothing of it is deployed.",
                club=self.club.slug,
            ),
            Sentence("Since {moment} UTC: {why}", moment=f"{self.begun_at:%Y-%m-%d %H:%M}", why=self.why),
            "Ask an operator to resume the club; what was live comes back then by itself.",
        )
