from __future__ import annotations

from django.db import models


class QuietTime(models.Model):
    """A stretch in which no build starts, so that the registry may collect its garbage: nobody pushes.

    `used`: the registry was told of it.
    """

    begun_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField()
    used = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["until"], name="quiet_until")]

    def __str__(self) -> str:
        return f"until {self.until}"
