from __future__ import annotations

from typing import Any

from django.db import models

from deployer.sentence import Sentence
from portal.leases.model import Leased

_LENGTH = 300


class Progressing(Leased):
    """Work that tells how far it is: `progress` in English, `progress_said` what it was made of."""

    progress = models.CharField(max_length=_LENGTH, blank=True)
    progress_said: models.JSONField[list[Any] | None, list[Any] | None] = models.JSONField(null=True)

    class Meta:
        abstract = True

    @property
    def how_far(self) -> str:
        """`progress`, as a Sentence if it is known what it was made of."""
        return Sentence.from_parts(self.progress_said) if self.progress_said else self.progress


def progress_of(text: Sentence | None = None) -> dict[str, Any]:
    """The columns; without a text it is not under way."""
    if text is None:
        return {"progress": "", "progress_said": None}
    return {"progress": text[:_LENGTH], "progress_said": text.parts()}
