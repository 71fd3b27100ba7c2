"""From a commit to an image's digest."""

from typing import TYPE_CHECKING, Any

from deployer.build.build_plan import BuildPlan
from deployer.build.detection import plan
from deployer.build.order import BuildLimits, BuildOrder, BuildOutcome, LogLine
from deployer.build.settings import BuildSettings

if TYPE_CHECKING:
    from deployer.build.builder import Builder

__all__ = [
    "BuildLimits",
    "BuildOrder",
    "BuildOutcome",
    "BuildPlan",
    "BuildSettings",
    "Builder",
    "LogLine",
    "plan",
]


def __getattr__(name: str) -> Any:
    # At its first use: it brings the kubernetes client (seconds, 60 MB), and a git server only plans.
    if name == "Builder":
        from deployer.build.builder import Builder

        return Builder
    raise AttributeError(name)
