from portal.fleet.models.interrupted_pod import InterruptedPod, PodState, Way
from portal.fleet.models.interruption import ENDED, Interruption, InterruptionState

__all__ = ["ENDED", "InterruptedPod", "Interruption", "InterruptionState", "PodState", "Way"]
