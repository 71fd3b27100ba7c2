"""What went wrong, in the three lines that a person needs."""

import json
from dataclasses import dataclass

INTERRUPTED_EXIT_CODE = 130


@dataclass
class Problem(Exception):
    """An end of the command that the person can do something about.

    what: one sentence; evidence: what shows it; next: what to do now; exit_code: of the command;
    reason: for programs; status: of the HTTP answer, if one refused.
    """

    what: str
    evidence: str = ""
    next: str = ""
    exit_code: int = 1
    reason: str = "error"
    status: int | None = None

    def __str__(self) -> str:
        return self.what

    def lines(self) -> str:
        evidence = [f"  {line}" for line in self.evidence.splitlines()]
        next_lines = [f"→ {line}" for line in self.next.splitlines()]
        return "\n".join([f"madang: {self.what}", *evidence, *next_lines])

    def to_json(self) -> str:
        fields = {"reason": self.reason, "what": self.what, "evidence": self.evidence, "next": self.next}
        return json.dumps({"error": fields}, ensure_ascii=False)
