from portal.metrics.models.counted import Counted
from portal.metrics.models.sample import Sample

__all__ = ["Counted", "Sample"]
