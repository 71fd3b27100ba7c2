"""From an image's digest to a live address."""

from deployer.rollout.applog import AppLine
from deployer.rollout.order import ClubSpec, RolloutOrder, RolloutOutcome
from deployer.rollout.rollouts import Rollouts
from deployer.rollout.settings import RolloutSettings

__all__ = ["AppLine", "ClubSpec", "RolloutOrder", "RolloutOutcome", "RolloutSettings", "Rollouts"]
