"""The cluster's API: the one place that imports the kubernetes client."""

from deployer.kube.client import Kube
from deployer.kube.objects import Json, JsonMap, at
from deployer.kube.refusal import Conflict, Missing

__all__ = ["Conflict", "Json", "JsonMap", "Kube", "Missing", "at"]
