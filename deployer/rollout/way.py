"""Visitors' way to a project: its Ingress, which stands from the first copy that takes them to a halt.

Without it they get the platform's own page (docs/adr/0019), and not the ingress controller's bare 503.
"""

from __future__ import annotations

from contextlib import suppress

from deployer.errors import PermanentError
from deployer.kube import Conflict, JsonMap, Kube
from deployer.rollout import manifests, names
from deployer.rollout.endpoints import ready_addresses
from deployer.rollout.fencing import fenced, over, refuse_older
from deployer.rollout.order import RolloutOrder
from deployer.rollout.settings import RolloutSettings


class Way:
    """Every method may be repeated at any time, and raises PermanentError "superseded" for a late worker."""

    def __init__(self, kube: Kube, settings: RolloutSettings) -> None:
        self._kube, self._settings = kube, settings

    def lead(self, order: RolloutOrder, *, at_once: bool = False) -> bool:
        """One that stands goes on as the order has it; a new one is made once a copy takes visitors, or
        `at_once`.

        False: none does yet.
        """
        wanted = manifests.ingress(order, self._settings)

        def write(current: JsonMap | None) -> bool:
            if current is None:
                return (at_once or self._is_served(order)) and self._make(order, wanted)
            self._kube.apply(over(wanted, current))
            return True

        return fenced(self._kube, order, "Ingress", order.project, write)

    def close(self, order: RolloutOrder) -> None:
        """From now on visitors get the platform's own page."""

        def write(current: JsonMap | None) -> None:
            if current is not None:
                self._delete(order, current)

        fenced(self._kube, order, "Ingress", order.project, write)

    def _is_served(self, order: RolloutOrder) -> bool:
        return ready_addresses(self._kube, names.namespace(order.club), order.project) > 0

    def _make(self, order: RolloutOrder, wanted: JsonMap) -> bool:
        self._refuse_late(order)
        made = self._kube.create(wanted)
        try:
            self._refuse_late(order)
        except PermanentError:
            # A halt between the two looks found nothing to take away.
            with suppress(Conflict):
                self._delete(order, made)
            raise
        return True

    def _refuse_late(self, order: RolloutOrder) -> None:
        """The Service stays when the Ingress goes, and tells who was here last."""
        refuse_older(order, self._kube.get("Service", names.namespace(order.club), order.project))

    def _delete(self, order: RolloutOrder, read: JsonMap) -> None:
        """As it was read, or not at all."""
        version = read["metadata"]["resourceVersion"]
        self._kube.delete("Ingress", names.namespace(order.club), order.project, version=version)
