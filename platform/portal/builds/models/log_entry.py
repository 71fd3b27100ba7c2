from __future__ import annotations

from typing import Any

from django.db import models

from deployer.sentence import Sentence


class LogKind(models.TextChoices):
    PLATFORM = "platform"
    BUILD = "build"
    ROLLOUT = "rollout"


class LogEntry(models.Model):
    """One line of a stream. `at` is the line's own time, `sequence` its place (from 1, without gaps).

    `text` is English where the platform speaks, and `said` what it was made of; null: it is a builder's or an
    app's, or of before this was kept.
    """

    stream = models.ForeignKey("builds.LogStream", on_delete=models.CASCADE, related_name="entries")
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=LogKind.choices)
    text = models.TextField()
    said: models.JSONField[list[Any] | None, list[Any] | None] = models.JSONField(null=True)

    class Meta:
        ordering = ["stream_id", "sequence"]
        constraints = [models.UniqueConstraint(fields=["stream", "sequence"], name="one_entry_a_sequence")]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.text[:60]}"

    @property
    def words(self) -> str:
        """`text`, as a Sentence if it is known what it was made of."""
        return Sentence.from_parts(self.said) if self.said else self.text


def words_of(text: str) -> dict[str, Any]:
    """The columns of a line's text."""
    return {"text": str(text), "said": text.parts() if isinstance(text, Sentence) else None}
