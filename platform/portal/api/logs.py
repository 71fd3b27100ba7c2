"""What a project's running copies print."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["logs"])
