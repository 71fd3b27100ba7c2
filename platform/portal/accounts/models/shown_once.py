from __future__ import annotations

from django.conf import settings
from django.db import models


class ShownOnce(models.Model):
    """A new secret on its way from the form that made it to the page that shows it, encrypted; `about` says
    whose it is. It is gone once it was shown."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    about = models.CharField(max_length=60)
    encrypted = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["user", "about"], name="shown_once_to_whom")]

    def __str__(self) -> str:
        return f"{self.about}, for {self.user_id}"
