"""One connection to the API server: every request has a deadline, and is tried again when that may help."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config import load_incluster_config, load_kube_config
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError, ReadTimeoutError

from deployer.errors import Explanation, PermanentError
from deployer.kube.logs import whole_lines
from deployer.kube.refusal import is_transient, translate

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
ATTEMPTS = 5


class Connection:
    """Requests with raw JSON in and out."""

    def __init__(self, configuration: Configuration) -> None:
        # urllib3 would repeat on its own, unseen and without a pause; `call` repeats with jitter.
        configuration.retries = False
        configuration.connection_pool_maxsize = 16
        self._client = ApiClient(configuration)

    @classmethod
    def from_environment(cls) -> Connection:
        """In a pod, its service account; else the file of KUBECONFIG. PermanentError without either."""
        configuration = Configuration()
        try:
            if named := os.environ.get("KUBECONFIG"):
                # By name: the client reads the variable only once, when it is imported.
                load_kube_config(config_file=named, client_configuration=configuration)
            else:
                load_incluster_config(client_configuration=configuration)
        except (ConfigException, OSError) as error:
            raise PermanentError(
                Explanation(
                    "kubernetes-unconfigured",
                    "Madang does not know which cluster to use.",
                    str(error),
                    "Run inside the cluster, or set KUBECONFIG to a readable kubeconfig file.",
                )
            ) from error
        return cls(configuration)

    def call(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        attempts: int = ATTEMPTS,
    ) -> Any:
        """The answer's JSON. `doing` says in an error what was tried.

        Raises Missing, Conflict, TemporaryError (after `attempts`) or PermanentError.
        """
        for attempt in range(1, attempts + 1):
            try:
                response = self._request(method, path, query, body, content_type, READ_SECONDS)
                text = response.data
                return json.loads(text) if text else None
            except (ApiException, HTTPError, OSError) as error:
                if attempt == attempts or not is_transient(error):
                    raise translate(error, doing) from error
                time.sleep(pause_seconds(attempt, retry_after(error)))
        raise AssertionError("unreachable")

    def lines(
        self,
        path: str,
        doing: str,
        *,
        query: Mapping[str, str],
        quiet_seconds: float,
        stop: Callable[[], bool] | None = None,
    ) -> Iterator[str]:
        """The answer's lines as they come, until the server ends it or is silent for `quiet_seconds`.

        `stop` is asked before each part of it: a line without an end gives nothing to stop at.
        """
        try:
            response = self._request("GET", path, query, None, "application/json", quiet_seconds)
        except (ApiException, HTTPError, OSError) as error:
            raise translate(error, doing) from error
        chunks = response.stream(None, decode_content=False)
        try:
            yield from whole_lines(takewhile(lambda _: not (stop and stop()), chunks))
        except ReadTimeoutError:
            return
        except (HTTPError, OSError) as error:
            raise translate(error, doing) from error
        finally:
            # What was not read must not be taken for the answer to the next request on this connection.
            response.close()
            response.release_conn()

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        content_type: str,
        read_seconds: float,
    ) -> Any:
        return self._client.call_api(
            path,
            method,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
            _preload_content=False,
            _return_http_data_only=True,
            _request_timeout=(CONNECT_SECONDS, read_seconds),
        )


def retry_after(error: Exception) -> float:
    """Seconds that the server asked to wait (it says so with 429), else 0."""
    headers = getattr(error, "headers", None) or {}
    value = str(headers.get("Retry-After", ""))
    return float(value) if value.isdigit() else 0.0


def pause_seconds(attempt: int, asked: float) -> float:
    """Full jitter over 0.25, 0.5, 1, 2 … 8 s, never less than what the server asked for, at most 15 s."""
    return min(asked + random.uniform(0.05, min(8.0, 0.25 * 2 ** (attempt - 1))), 15.0)  # noqa: S311
