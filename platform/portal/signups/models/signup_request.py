from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import machine


class SignupState(models.TextChoices):
    UNCONFIRMED = "unconfirmed", _("waits for the e-mail to be confirmed")
    WAITING = "waiting", _("waits for an operator")
    APPROVED = "approved", _("approved")
    DECLINED = "declined", _("declined")


class Size(models.TextChoices):
    SMALL = "small", _("Small: a few pages or one app")
    MEDIUM = "medium", _("Medium: several apps")
    LARGE = "large", _("Large: many apps or many visitors")


SIGNUP_STATES = machine(
    "signup request",
    unconfirmed="waiting declined",
    waiting="approved declined",
    approved="",
    # amended by the applicant, or reopened by an operator
    declined="waiting",
)


class SignupRequest(models.Model):
    """A club that wants to come. Only a confirmed one holds its short name.

    `reason` is why it was declined, in the operator's words; `address` is where the form came from.
    """

    slug = models.CharField(max_length=30)
    club_name = models.CharField(max_length=100)
    # As `portal.signups.names.folded` has it, to find the same name in other letters.
    folded_name = models.CharField(max_length=200)
    email = models.EmailField(max_length=254)
    person = models.CharField(max_length=100)
    members = models.IntegerField()
    purpose = models.TextField(max_length=2000)
    size = models.CharField(max_length=16, choices=Size.choices)
    language = models.CharField(max_length=8)
    address = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=SignupState.choices, default=SignupState.UNCONFIRMED)
    state_since = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=100, blank=True)
    reason = models.TextField(max_length=1000, blank=True)
    amendments = models.IntegerField(default=0)
    # Names outlive what they name: a club that was deleted leaves its request.
    club = models.ForeignKey(
        "clubs.Club", on_delete=models.SET_NULL, null=True, blank=True, related_name="signup_requests"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["slug"], name="one_waiting_signup_a_slug", condition=models.Q(state="waiting")
            ),
            models.UniqueConstraint(
                fields=["email"], name="one_waiting_signup_an_email", condition=models.Q(state="waiting")
            ),
        ]
        indexes = [
            models.Index(fields=["address", "created_at"]),
            models.Index(fields=["email", "created_at"]),
            models.Index(fields=["state", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.slug} ({self.state})"
