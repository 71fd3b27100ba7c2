"""What a push asks for, decided from its ref lines alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deployer.errors import Explanation
from deployer.sentence import Sentence

_ABSENT = frozenset("0")
_HEADS = "refs/heads/"
_TAGS = "refs/tags/"


@dataclass(frozen=True)
class RefUpdate:
    """One line of a pre-receive hook's input: object names in hexadecimal, the full ref name."""

    old: str
    new: str
    ref: str

    @property
    def deletes(self) -> bool:
        return set(self.new) == _ABSENT


@dataclass(frozen=True)
class Deploy:
    """The deploy branch moves to `commit`."""

    commit: str


@dataclass(frozen=True)
class Keep:
    """Only tags: kept beside the branch, nothing to deploy."""

    tags: tuple[str, ...]


@dataclass(frozen=True)
class Refuse:
    explanation: Explanation


def decide(updates: Sequence[RefUpdate], branch: str) -> Deploy | Keep | Refuse:
    """Exactly the deploy branch deploys; tags may come along; everything else refuses the whole push."""
    ours = _HEADS + branch
    for update in updates:
        if update.deletes:
            return Refuse(_deletion(update.ref, branch))
    strangers = [u.ref for u in updates if u.ref != ours and not u.ref.startswith(_TAGS)]
    if strangers:
        return Refuse(_elsewhere(strangers, branch, also_ours=any(u.ref == ours for u in updates)))
    for update in updates:
        if update.ref == ours:
            return Deploy(update.new)
    return Keep(tuple(u.ref.removeprefix(_TAGS) for u in updates))


def _deletion(ref: str, branch: str) -> Explanation:
    if ref == _HEADS + branch:
        return Explanation(
            "branch-deletion",
            Sentence("The branch {branch} is what is deployed, so it cannot be deleted.", branch=branch),
            "",
            "To take the project off the web, remove it with the madang command or on its page.",
        )
    return Explanation(
        "ref-deletion",
        Sentence("{ref} cannot be deleted with git push.", ref=short(ref)),
        "",
        Sentence("Nothing is lost by leaving it: only {branch} is deployed.", branch=branch),
    )


def _elsewhere(refs: Sequence[str], branch: str, *, also_ours: bool) -> Explanation:
    names: str = ", ".join(short(ref) for ref in refs[:3])
    if len(refs) > 3:
        names = Sentence("{names} and {count} more", names=names, count=len(refs) - 3)
    what = Sentence(
        "Only the branch {branch} is deployed; this push has {names}. Nothing was changed.",
        branch=branch,
        names=names,
    )
    if also_ours:
        return Explanation(
            "other-branch",
            what,
            "",
            Sentence("Push {branch} alone:  git push madang {branch}", branch=branch),
        )
    branches = [ref.removeprefix(_HEADS) for ref in refs if ref.startswith(_HEADS)]
    source = branches[0] if len(refs) == 1 and branches else "HEAD"
    advice = Sentence("To deploy what you have here:  git push madang HEAD:{branch}", branch=branch)
    if source != "HEAD":
        advice = Sentence(
            "To deploy it:  git push madang {source}:{branch}   (what you have checked out: HEAD:{branch})",
            source=source,
            branch=branch,
        )
    return Explanation("other-branch", what, "", advice)


def short(ref: str) -> str:
    """A ref's name as people say it."""
    return ref.removeprefix(_HEADS).removeprefix("refs/")
