"""The controller: notices in, handoffs out."""

from spot.controller.program import run

__all__ = ["run"]
