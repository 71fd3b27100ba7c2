"""The audit log as CSV (RFC 4180) that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable

from portal.accounts.actors import actors
from portal.accounts.models import AuditEntry

COLUMNS = ("time", "actor", "name", "action", "sentence", "club", "project", "address", "detail")
# A cell that begins so is a formula to Excel, LibreOffice and Google Sheets (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([safe(cell) for cell in cells])
    return written.getvalue()


def safe(cell: str) -> str:
    """The same text, never a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


# Excel takes a file for UTF-8 by its mark alone.
HEAD = "\ufeff" + _line(COLUMNS)


def lines(entries: Iterable[AuditEntry], sentence: Callable[[AuditEntry], str]) -> str:
    """One line an entry, without the head."""
    rows = list(entries)
    known = actors(entry.actor for entry in rows)
    return "".join(
        _line(
            (
                entry.at.isoformat(timespec="seconds"),
                entry.actor,
                known[entry.actor].name,
                entry.action,
                sentence(entry),
                entry.club,
                entry.project,
                entry.address,
                json.dumps(entry.detail, ensure_ascii=False, sort_keys=True),
            )
        )
        for entry in rows
    )
