"""The embedded cluster's stand-in cloud, by the one door that it has for pods."""

from __future__ import annotations

from datetime import datetime

import httpx

from deployer.errors import Explanation, PermanentError, TemporaryError
from portal.drills.providers import DrillOrder, Ordered

TIMEOUT_SECONDS = 10.0


class StandInCloud:
    """`url` is that of its door, `token` what opens it; it takes an instance only by its id."""

    name = "local"

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def interrupt(self, order: DrillOrder) -> Ordered:
        body = {"node": order.node, "instance_id": order.instance_id}
        try:
            response = httpx.post(
                f"{self._url}/drill",
                json=body,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=TIMEOUT_SECONDS,
                trust_env=False,
            )
            if response.status_code >= 500:
                response.raise_for_status()
            said = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise TemporaryError(
                Explanation(
                    "cloud-silent",
                    "The stand-in cloud did not answer.",
                    f"{type(error).__name__}: {error}",
                    "`make up` starts it again.",
                )
            ) from error
        if response.is_error:
            raise PermanentError(
                Explanation(
                    "cloud-refused",
                    "The stand-in cloud refused to take the node.",
                    f"HTTP {response.status_code}: {said.get('error', '')}",
                    "Choose another node.",
                )
            )
        return Ordered(order.instance_id, datetime.fromisoformat(said["deadline"]))

    def clean(self, reference: str) -> None:
        """The order leaves nothing."""
