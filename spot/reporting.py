"""Reports records of interruptions to the portal (docs/architecture.md, Interruptions)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from spot.errors import PermanentError, TemporaryError
from spot.signing import newest, sign

Record = Mapping[str, Any]

# As the portal's API bounds them: what clouds and schedulers say may be longer.
TEXT_CHARACTERS = 1000
# 404: a portal from before this handler, in the middle of an upgrade.
_PASSES = frozenset({404, 408, 425, 429})
_BASE = re.compile(r"https?://[^\s/?#]+/?")


class Reporter:
    """Sends to one portal. `url` is its address without a path, `key` the value of MADANG_SPOT_REPORT_KEY.

    Raises PermanentError when either is unusable. Safe to share between threads.
    """

    def __init__(
        self,
        url: str,
        key: SecretStr,
        timeout_seconds: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not _BASE.fullmatch(url):
            raise PermanentError(
                f"The portal's address must be http://host or http://host:port, not {url!r}."
            )
        self._key = SecretStr(newest(key.get_secret_value()))
        if not self._key.get_secret_value():
            raise PermanentError("MADANG_SPOT_REPORT_KEY is empty: take it from the platform's Secret.")
        self._clock = clock
        # No proxy of the environment: it would read what clubs run, and its answer is not the portal's.
        self._client = httpx.Client(base_url=url.rstrip("/"), timeout=timeout_seconds, trust_env=False)

    def send(self, record: Record) -> None:
        """Report one record, signed now; returns once the portal has it (or had a later revision).

        Raises TemporaryError when the portal does not answer or is busy, PermanentError with its reason
        when it refuses.
        """
        path = f"/api/v1/fleet/interruptions/{quote(str(record['id']), safe='')}"
        content, timestamp = body(record), int(self._clock())
        signature = sign(self._key.get_secret_value(), timestamp, "PUT", path, content)
        headers = {
            "Content-Type": "application/json",
            "X-Madang-Timestamp": str(timestamp),
            "X-Madang-Signature": signature,
        }
        try:
            answer = self._client.put(path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise TemporaryError(f"The portal does not answer: {type(error).__name__} {error}") from error
        if answer.is_success:
            return
        said = f"The portal answered {answer.status_code} to the report of {record['id']}: {_reason(answer)}"
        if answer.is_client_error and answer.status_code not in _PASSES:
            raise PermanentError(said)
        raise TemporaryError(said)

    def close(self) -> None:
        self._client.close()


def body(record: Record) -> bytes:
    """The record as it is sent: keys in order, no spaces, free texts cut to what the portal takes."""
    pods = [_cut(pod, "blocked_reason", "gap_reason") for pod in record["pods"]]
    whole = {**_cut(record, "detail"), "pods": pods}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.encode()


def _cut(given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    texts = {name: given[name] for name in names if isinstance(given.get(name), str)}
    return {**given, **{name: _clean(text) for name, text in texts.items()}}


def _clean(text: str) -> str:
    # A lone surrogate (from a message that was cut in half) is no text that JSON's readers take.
    return text.encode(errors="replace").decode()[:TEXT_CHARACTERS]


def _reason(answer: httpx.Response) -> str:
    """The portal's own words; of a proxy in between, the beginning of what it said."""
    try:
        error = answer.json()["error"]
        return " ".join(
            str(error[name]) for name in ("reason", "what", "evidence", "next") if error.get(name)
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return " ".join(answer.text.split())[:200]
