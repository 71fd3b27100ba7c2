"""The audit log: written in the transaction of what it tells of."""

from __future__ import annotations

from portal.accounts.models import AuditEntry
from portal.accounts.principal import Principal


def record(by: Principal, action: str, *, club: str = "", project: str = "", **detail: object) -> None:
    """Adds an entry; `detail` never holds a secret, only its name."""
    AuditEntry.objects.create(
        actor=by.name, action=action, club=club, project=project, address=by.address, detail=detail
    )
