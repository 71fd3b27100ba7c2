from portal.probing.models.probe import Probe
from portal.probing.models.transition import Transition

__all__ = ["Probe", "Transition"]
