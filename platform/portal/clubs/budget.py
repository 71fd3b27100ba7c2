"""A club's budget: do its projects together stay within it? Pure; `portal.releases.room` asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import reduce

from deployer.errors import Explanation
from deployer.sentence import Sentence, joined

_MOST_SHOWN = 8


@dataclass(frozen=True)
class Share:
    """What the pods of a project take together, or what those of a club may take."""

    memory_bytes: int = 0
    cpu_millicores: int = 0
    pods: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(
            self.memory_bytes + other.memory_bytes,
            self.cpu_millicores + other.cpu_millicores,
            self.pods + other.pods,
        )

    def __or__(self, other: Share) -> Share:
        """The larger of each: what is to be kept free while either of the two may run."""
        return Share(
            max(self.memory_bytes, other.memory_bytes),
            max(self.cpu_millicores, other.cpu_millicores),
            max(self.pods, other.pods),
        )

    def __iter__(self) -> Iterator[int]:
        return (getattr(self, field.name) for field in fields(self))

    def __str__(self) -> str:
        return str(self.in_words)

    @property
    def in_words(self) -> str:
        return joined(", ", self.amounts)

    @property
    def amounts(self) -> tuple[Sentence, Sentence, Sentence]:
        """Each as a person reads it, in the order of the fields."""
        return (
            Sentence("{mebibytes} MiB of memory", mebibytes=-(-self.memory_bytes >> 20)),
            Sentence("{millicores}m of cpu", millicores=self.cpu_millicores),
            Sentence("{count} copy", count=1)
            if self.pods == 1
            else Sentence("{count} copies", count=self.pods),
        )


@dataclass(frozen=True)
class Demand:
    """A release that somebody wants to make.

    `wanted` is what it takes, `live` what the project's live release takes; `others` are the shares of the
    club's other projects by name.
    """

    project: str
    wanted: Share
    live: Share
    others: Mapping[str, Share]


def refusal(budget: Share, demand: Demand, *, named: bool) -> Explanation | None:
    """Why the release may not be made; None: it may.

    What takes no more than the live release is never refused: a club whose budget was lowered can still mend
    what runs. Without `named` the reader may not know the other projects, and is told their sum.
    """
    total = sum(demand.others.values(), demand.wanted)
    over = [
        Sentence("{needed} (budget: {allowed})", needed=needed, allowed=allowed)
        for needed, allowed, asked, limit, want, have in zip(
            total.amounts, budget.amounts, total, budget, demand.wanted, demand.live, strict=True
        )
        if asked > limit and want > have
    ]
    if not over:
        return None
    return Explanation(
        "over-budget",
        Sentence(
            "This release does not fit into your club's budget: its projects would take {amounts}.",
            amounts=reduce(_and, over),
        ),
        joined(
            "\n",
            [
                Sentence(
                    "{project}: {share} (this release)",
                    project=demand.project,
                    share=demand.wanted.in_words,
                ),
                *_shown(demand.others, named),
            ],
        ),
        "Lower replicas, memory or cpu in madang.yaml, delete a project that nobody needs, "
        "or ask the operator for a larger budget.",
    )


def _shown(others: Mapping[str, Share], named: bool) -> Iterator[Sentence]:
    """The largest first."""
    taking = sorted(
        (item for item in others.items() if any(item[1])), key=lambda item: (*item[1],), reverse=True
    )
    shown = taking[: _MOST_SHOWN if named else 0]
    for name, share in shown:
        yield Sentence("{project}: {share}", project=name, share=share.in_words)
    if rest := taking[len(shown) :]:
        together = sum((share for _, share in rest), Share()).in_words
        yield Sentence("{projects}: {share}", projects=_counted(len(rest), more=bool(shown)), share=together)


def _and(first: Sentence, second: Sentence) -> Sentence:
    return Sentence("{first} and {second}", first=first, second=second)


def _counted(projects: int, *, more: bool) -> Sentence:
    if projects == 1:
        return Sentence("1 more project") if more else Sentence("1 other project")
    if more:
        return Sentence("{count} more projects", count=projects)
    return Sentence("{count} other projects", count=projects)
