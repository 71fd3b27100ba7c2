"""A proof: rows measured in this run, printed for people and written to .reports/NAME.json."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Row:
    """One claim with the value that was measured and what shows it."""

    name: str
    goal: str
    value: float | str
    unit: str
    holds: bool
    evidence: str


@dataclass
class Proof:
    """Rows of one run; `finish` prints and writes them."""

    name: str
    rows: list[Row] = field(default_factory=list)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)

    def add(
        self, name: str, *, goal: str, value: float | str, unit: str = "", holds: bool, evidence: str
    ) -> Row:
        """Record a row and tell it at once, so that a long run can be watched."""
        row = Row(name, goal, value, unit, holds, evidence)
        self.rows.append(row)
        print(f"  {'✓' if holds else '✗'} {name}: {_shown(value)} {unit} ({evidence})", flush=True)
        return row

    @property
    def holds(self) -> bool:
        return bool(self.rows) and all(row.holds for row in self.rows)

    def finish(self) -> bool:
        """Print the table, write the report; True if every row holds."""
        report = {
            "name": self.name,
            "commit": _commit(),
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self.began, 1),
            "holds": self.holds,
            "rows": [asdict(row) for row in self.rows],
        }
        folder = ROOT / ".reports"
        folder.mkdir(exist_ok=True)
        (folder / f"{self.name}.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        print(self.table(), flush=True)
        return self.holds

    def table(self) -> str:
        heads = ("", "what", "goal", "measured", "evidence")
        body = [
            (
                "✓" if row.holds else "✗",
                row.name,
                row.goal,
                f"{_shown(row.value)} {row.unit}".strip(),
                row.evidence,
            )
            for row in self.rows
        ]
        widths = [max(len(line[column]) for line in [heads, *body]) for column in range(4)]
        lines = []
        for line in [heads, tuple("─" * width for width in [*widths, 20]), *body]:
            cells = [line[column].ljust(widths[column]) for column in range(4)]
            lines.append("  ".join([*cells, line[4]]).rstrip())
        seconds = time.monotonic() - self.began
        lines.append(f"{sum(r.holds for r in self.rows)} of {len(self.rows)} hold, {seconds:.0f} s in all")
        return "\n".join(["", *lines])


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], cwd=ROOT, capture_output=True, text=True
    )
    return done.stdout.strip() or "unknown"
