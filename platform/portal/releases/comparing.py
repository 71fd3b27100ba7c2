"""What is different between two releases: commit, variables by name, and what they take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deployer.build import BuildPlan
from portal.encryption import decrypt_config
from portal.projects.models import Project
from portal.projects.selectors import config as config_of
from portal.releases.models import Release, ReleaseState
from portal.releases.resources import Resources, resources_of
from portal.releases.scaling import differs


@dataclass(frozen=True)
class Difference:
    """From the one to the other; of variables only the names, for values are secret. None are told where the
    config of one of them is not kept any more.

    `commits` and each of `resources` is a pair of before and after, or None where both are the same.
    """

    commits: tuple[str, str] | None
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    resources: Mapping[str, tuple[int, int]]

    @property
    def nothing(self) -> bool:
        return not (self.commits or self.added or self.changed or self.removed or self.resources)


def compare(since: Release, to: Release) -> Difference:
    """What the release `to` brought over `since`."""
    return _difference(since, to, _config(since), to)


def compare_with_now(project: Project, to: Release) -> Difference:
    """What a rollback to `to` changes: from what is live and the variables as they are now."""
    live = Release.objects.select_related("build").filter(project=project, state=ReleaseState.LIVE).first()
    # The numbers are not the old release's: they are madang.yaml's of then, else the project's of now.
    takes = resources_of(BuildPlan.from_dict(to.build.plan).web, project)
    return _difference(live, to, config_of(project), takes)


def _difference(
    since: Release | None, to: Release, before: Mapping[str, str] | None, takes: Release | Resources
) -> Difference:
    after = _config(to)
    if before is None or after is None:
        before = after = {}
    commits = (since.build.commit if since else "", to.build.commit)
    return Difference(
        commits=commits if commits[0] != commits[1] else None,
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(name for name in after.keys() & before.keys() if after[name] != before[name])),
        removed=tuple(sorted(before.keys() - after.keys())),
        resources=differs(since, takes) if since else {},
    )


def _config(release: Release) -> dict[str, str] | None:
    return decrypt_config(release.encrypted_config) if release.encrypted_config else None
