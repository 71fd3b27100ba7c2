from portal.fleet.models.interrupted_pod import InterruptedPod
from portal.fleet.models.interruption import Interruption

__all__ = ["InterruptedPod", "Interruption"]
