from portal.releases.models.halt import Halt
from portal.releases.models.release import RELEASE_STATES, Release, ReleaseState
from portal.releases.models.rollout import ROLLOUT_STATES, Rollout, RolloutState

__all__ = ["RELEASE_STATES", "ROLLOUT_STATES", "Halt", "Release", "ReleaseState", "Rollout", "RolloutState"]
