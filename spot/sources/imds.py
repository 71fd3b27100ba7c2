"""A client of the EC2 instance metadata service, version 2 only.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from spot.errors import TemporaryError

TOKEN_SECONDS = 21600
"""The longest that EC2 gives."""
RENEW_SECONDS = 60
TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN_HEADER = "X-aws-ec2-metadata-token"  # noqa: S105 - a header's name


class MetadataService:
    """What the service at `url` says of the instance that asks.

    Every read raises TemporaryError when the service does not answer well; None or "" is "nothing to say".
    Version 1, which answers without a token, is never asked: a pod that can make its node send a plain GET
    must not find the way open because of us.
    """

    def __init__(
        self, url: str, timeout_seconds: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # A proxy from the environment would be asked in the node's place, and it is another machine.
        self._http = httpx.Client(base_url=url, timeout=timeout_seconds, trust_env=False)
        self._clock = clock
        self._token = ""
        self._token_until = 0.0
        self._instance_id = ""

    def close(self) -> None:
        self._http.close()

    def instance_id(self) -> str:
        """Asked for once: an instance keeps its id for life. "" if the service does not know."""
        self._instance_id = self._instance_id or self._text("instance-id") or ""
        return self._instance_id

    def instance_action(self) -> Any:
        """The spot interruption: {"action", "time"} or None."""
        return self._json("spot/instance-action")

    def rebalance(self) -> Any:
        """The rebalance recommendation: {"noticeTime"} or None."""
        return self._json("events/recommendations/rebalance")

    def maintenance(self) -> Any:
        """Scheduled events: a list of {"EventId", "Code", "State", "Description", "NotBefore"}, or None."""
        return self._json("events/maintenance/scheduled")

    def lifecycle(self) -> str:
        """What its Auto Scaling group wants the instance to be, such as InService; "" outside of a group."""
        return self._text("autoscaling/target-lifecycle-state") or ""

    def _json(self, path: str) -> Any:
        text = self._text(path)
        try:
            return None if text is None else json.loads(text)
        except (ValueError, RecursionError):
            raise TemporaryError(f"The metadata service's answer for {path} is not JSON.") from None

    def _text(self, path: str) -> str | None:
        """The answer, or None for 404. A token that is refused (401) is renewed once."""
        answer = self._get(path)
        if answer.status_code == 401:
            self._token = ""
            answer = self._get(path)
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise TemporaryError(f"The metadata service answered {answer.status_code} for {path}.")
        return answer.text

    def _get(self, path: str) -> httpx.Response:
        if not self._token or self._clock() >= self._token_until:
            self._renew()
        return self._send("GET", f"/latest/meta-data/{path}", {TOKEN_HEADER: self._token})

    def _renew(self) -> None:
        asked_at = self._clock()
        answer = self._send("PUT", "/latest/api/token", {TTL_HEADER: str(TOKEN_SECONDS)})
        token = answer.text.strip()
        if answer.status_code != 200 or not token.isascii() or not token.isprintable() or not token:
            raise TemporaryError(f"The metadata service gave no token (it answered {answer.status_code}).")
        self._token, self._token_until = token, asked_at + TOKEN_SECONDS - RENEW_SECONDS

    def _send(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        try:
            return self._http.request(method, path, headers=headers)
        except httpx.HTTPError as error:
            raise TemporaryError(
                f"The metadata service does not answer {method} {path} ({type(error).__name__}). A pod "
                "reaches it with hostNetwork, or with a hop limit of 2 in the instance's metadata options."
            ) from error
