"""What can go wrong, told apart by whose it is, each with an explanation a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployer.sentence import Sentence, lines_of

_TEXTS = ("what", "evidence", "next")


@dataclass(frozen=True)
class Explanation:
    """Why something failed: a machine-readable word and the three lines that a person reads.

    `reason` is lower-case words joined by hyphens and never changes its meaning ("out-of-memory").
    `evidence` may hold several lines or none (the last log lines, an exit code, an event). The texts are
    English; one with something filled in is a `Sentence`, so that a page can tell it in another language.
    """

    reason: str
    what: str
    evidence: str
    next: str

    def lines(self) -> tuple[str, ...]:
        """What push prints: what happened, the evidence (indented, if any), what to do next.

        All are Sentences but the lines of evidence that is none.
        """
        evidence = [_indented(line) for line in lines_of(self.evidence) if line.strip()]
        return tuple(line for line in (Sentence.of(self.what), *evidence, Sentence.of(self.next)) if line)

    def to_dict(self) -> dict[str, str]:
        """The word and the texts: what the API answers."""
        return {"reason": self.reason, **{name: str(getattr(self, name)) for name in _TEXTS}}

    def to_row(self) -> dict[str, Any]:
        """What is stored: the same, and in `said` what its sentences were made of, if of anything."""
        texts = {name: getattr(self, name) for name in _TEXTS}
        said = {
            name: text.parts() for name, text in texts.items() if isinstance(text, Sentence) and text.values
        }
        return {**self.to_dict(), "said": said} if said else self.to_dict()

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Explanation:
        """Of either; without `said` the texts stay English."""
        said = stored.get("said", {})
        texts = {"evidence": "", "next": "", **stored}
        return cls(
            stored["reason"],
            *(Sentence.from_parts(said[name]) if name in said else texts[name] for name in _TEXTS),
        )


def _indented(line: str) -> str:
    return Sentence("  {line}", line=line) if isinstance(line, Sentence) else f"  {line}"


class DeployerError(Exception):
    """The base of the three; catch one of those."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(explanation.what)
        self.explanation = explanation


class UserError(DeployerError):
    """The student's to mend: never retried, shown as it is."""


class TemporaryError(DeployerError):
    """The platform's or a machine's, and likely to pass: tried again, never counted against the student."""


class PermanentError(DeployerError):
    """The platform's, and trying again does not help: an operator has to look."""
