"""State machines: which state may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class ForbiddenTransition(Exception):
    """A step that the state machine does not know; a mistake in the program."""


@dataclass(frozen=True)
class StateMachine:
    """`transitions` maps each state to the states that may follow it; one with none is terminal."""

    name: str
    transitions: Mapping[str, frozenset[str]]

    @property
    def terminal(self) -> frozenset[str]:
        return frozenset(state for state, following in self.transitions.items() if not following)

    @property
    def open(self) -> frozenset[str]:
        """Those that are not terminal."""
        return frozenset(self.transitions) - self.terminal

    def before(self, state: str) -> frozenset[str]:
        """The states from which `state` may be entered: what an UPDATE … WHERE state IN must name."""
        return frozenset(earlier for earlier, following in self.transitions.items() if state in following)

    def check(self, old: str, new: str) -> None:
        """Raises ForbiddenTransition unless `new` may follow `old`."""
        if new not in self.transitions.get(old, frozenset()):
            raise ForbiddenTransition(f"a {self.name} may not go from {old} to {new}")


def machine(name: str, **transitions: str) -> StateMachine:
    """`machine("door", open="shut", shut="open locked", locked="")`."""
    return StateMachine(
        name, {state: frozenset(following.split()) for state, following in transitions.items()}
    )
