"""From an image's digest to a live address."""

from deployer.rollout.order import ClubSpec, RolloutOrder, RolloutOutcome
from deployer.rollout.settings import RolloutSettings

__all__ = ["ClubSpec", "RolloutOrder", "RolloutOutcome", "RolloutSettings"]
