from __future__ import annotations

from django.db import models


class SentForm(models.Model):
    """A form that was carried out, and where its answer led. `digest` is of who sent what, where, with which
    token (`portal.web.once`); the row is written in the transaction that carries the form out."""

    digest = models.CharField(max_length=64, primary_key=True)
    location = models.TextField(default="")
    sent_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.digest[:8]}, to {self.location}"
