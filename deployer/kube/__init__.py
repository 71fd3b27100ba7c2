"""The cluster's API: the one place that imports the kubernetes client."""

from typing import TYPE_CHECKING, Any

from deployer.kube.objects import Json, JsonMap, at

if TYPE_CHECKING:
    from deployer.kube.client import Kube
    from deployer.kube.refusal import Conflict, Missing

__all__ = ["Conflict", "Json", "JsonMap", "Kube", "Missing", "at"]


def __getattr__(name: str) -> Any:
    # At their first use: they bring the kubernetes client (seconds, and some 60 MB).
    if name == "Kube":
        from deployer.kube.client import Kube

        return Kube
    if name in {"Conflict", "Missing"}:
        from deployer.kube import refusal

        return getattr(refusal, name)
    raise AttributeError(name)
