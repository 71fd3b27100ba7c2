"""How far a compilation is, told from the packages that Go names as it compiles them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_SPOKEN = {
    "kube": "kubernetes",
    "kube-network-policies": "network policies",
    "dockerfile-frontend": "buildkit",
}
_EARLY_SECONDS = 20  # before that the rate says nothing


@dataclass
class Progress:
    """`programs` names, for each program, the packages that it is made of (its own main included)."""

    programs: Mapping[str, frozenset[str]]
    compiled: set[str] = field(default_factory=set)
    latest: str = ""

    @property
    def total(self) -> int:
        return len(frozenset().union(*self.programs.values()))

    def saw(self, line: str) -> None:
        """A line of `go build -v`: the import path of a package whose compilation began."""
        if any(line in packages for packages in self.programs.values()):
            self.compiled.add(line)
            self.latest = line

    def line(self, elapsed_seconds: float, linked: int) -> str:
        """Such as "kubernetes 4/16, about 3 min left". Packages still in Go's cache are never named, so the
        guess is an upper bound when a compilation goes on where an earlier one was stopped."""
        text = f"{self._working_on()} {linked}/{len(self.programs)}"
        if elapsed_seconds < _EARLY_SECONDS or not self.compiled:
            return text
        left = elapsed_seconds * (self.total - len(self.compiled)) / len(self.compiled)
        return f"{text}, {_spoken_time(left)} left"

    def _working_on(self) -> str:
        for program, packages in self.programs.items():
            if self.latest in packages:
                return _SPOKEN.get(program, program)
        return "linking"


def _spoken_time(seconds: float) -> str:
    return "less than a minute" if seconds < 60 else f"about {round(seconds / 60)} min"
