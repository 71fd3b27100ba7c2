"""The cluster's API for the handler: requests, a watched cache of what it decides on, and a Lease."""

from spot.kube.cache import Cache
from spot.kube.connection import Connection

__all__ = ["Cache", "Connection"]
