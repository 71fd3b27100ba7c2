"""The node that a Job's pod ran on last: whether that has taken the Job along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployer.kube.nodes import is_lost
from deployer.kube.objects import JsonMap, at
from deployer.kube.pods import Pod

if TYPE_CHECKING:
    from deployer.kube.client import Kube

RAN_ON = "madang.dev/ran-on"


class JobNode:
    """Of one Job. Written on it, as a lost node's pod leaves no trace for the next worker."""

    def __init__(self, kube: Kube, namespace: str, name: str) -> None:
        self._kube, self._namespace, self._name = kube, namespace, name
        self._node = ""

    def see(self, job: JsonMap, pod: Pod | None) -> None:
        """The Job as it is now, and its newest pod. Raises Missing when the Job is gone."""
        noted = str(at(job, "metadata", "annotations", RAN_ON, default=""))
        self._node = (pod.node if pod else None) or noted
        if self._node != noted:
            note = {"metadata": {"annotations": {RAN_ON: self._node}}}
            self._kube.merge("Job", self._namespace, self._name, note)

    def is_lost(self) -> bool:
        """It is gone, silent or about to go; no, while no pod has had a node."""
        return bool(self._node) and is_lost(self._kube.get("Node", None, self._node))
