"""The part of an event that says what happened, as a typed form."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

SOURCE = "sqs"
"""Who told a notice that came as a message."""


class Detail(BaseModel):
    """Fields by AWS's names. No wrong type is made right: a number is never an instance's id."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)
