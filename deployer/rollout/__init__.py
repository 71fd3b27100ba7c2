"""From an image's digest to a live address."""

from typing import TYPE_CHECKING, Any

from deployer.rollout.order import ClubSpec, RolloutOrder, RolloutOutcome
from deployer.rollout.settings import RolloutSettings

if TYPE_CHECKING:
    from deployer.rollout.applog import AppLine
    from deployer.rollout.rollouts import Rollouts

__all__ = ["AppLine", "ClubSpec", "RolloutOrder", "RolloutOutcome", "RolloutSettings", "Rollouts"]


def __getattr__(name: str) -> Any:
    # At their first use: they bring the kubernetes client (seconds, and some 60 MB).
    if name == "Rollouts":
        from deployer.rollout.rollouts import Rollouts

        return Rollouts
    if name == "AppLine":
        from deployer.rollout.applog import AppLine

        return AppLine
    raise AttributeError(name)
