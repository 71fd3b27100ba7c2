"""From a commit to an image's digest."""

from deployer.build.build_plan import BuildPlan
from deployer.build.builder import Builder
from deployer.build.detection import plan
from deployer.build.order import BuildLimits, BuildOrder, BuildOutcome, LogLine
from deployer.build.settings import BuildSettings

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
