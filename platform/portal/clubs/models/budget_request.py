from __future__ import annotations

from django.db import models

from portal.clubs.budget import Share
from portal.states import machine


class BudgetRequestState(models.TextChoices):
    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


BUDGET_REQUEST_STATES = machine(
    "budget request",
    waiting="approved declined withdrawn",
    approved="",
    declined="",
    withdrawn="",
)


class BudgetRequest(models.Model):
    """A club asks for another budget; an operator decides. The amounts are those of the whole budget.

    `granted_…` is what was approved, which may differ; `answer` is the operator's word to the club.
    """

    club = models.ForeignKey("clubs.Club", on_delete=models.CASCADE, related_name="budget_requests")
    memory_bytes = models.BigIntegerField()
    cpu_millicores = models.IntegerField()
    pods = models.IntegerField()
    why = models.TextField()
    asked_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(
        max_length=16, choices=BudgetRequestState.choices, default=BudgetRequestState.WAITING
    )
    granted_memory_bytes = models.BigIntegerField(null=True)
    granted_cpu_millicores = models.IntegerField(null=True)
    granted_pods = models.IntegerField(null=True)
    answer = models.TextField(blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["club"],
                name="one_waiting_budget_request_a_club",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.club} asks for {self.wanted} ({self.state})"

    @property
    def wanted(self) -> Share:
        return Share(self.memory_bytes, self.cpu_millicores, self.pods)

    @property
    def granted(self) -> Share | None:
        if self.granted_memory_bytes is None:
            return None
        return Share(self.granted_memory_bytes, self.granted_cpu_millicores or 0, self.granted_pods or 0)
