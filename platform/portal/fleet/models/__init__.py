from portal.fleet.models.instance_price import InstancePrice
from portal.fleet.models.interrupted_pod import InterruptedPod
from portal.fleet.models.interruption import Interruption
from portal.fleet.models.node_sampling import NodeSampling
from portal.fleet.models.node_time import NodeTime

__all__ = ["InstancePrice", "InterruptedPod", "Interruption", "NodeSampling", "NodeTime"]
