"""The requests that the ingress controller has counted for each project (Traefik's Prometheus metrics)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deployer.errors import Explanation, TemporaryError
from deployer.kube import JsonMap, at

# A container port of this name, as Traefik's own chart has it, is where a pod tells.
_PORT = "metrics"
_COUNTER = "traefik_service_requests"
# "club-robotics-lunch-menu-http@kubernetes": namespace, Service, and the port's name.
_SERVICE = re.compile(r"club-(?P<rest>.+)-http@kubernetes")
_LARGEST_BYTES = 32 << 20


@dataclass(frozen=True)
class Count:
    """Since the pod began: all requests that were answered, and those with a 5xx status."""

    requests: int = 0
    errors: int = 0


def places(pods: Sequence[JsonMap]) -> dict[str, str]:
    """Where each running pod tells, by its name. Pure; a pod without such a port tells nothing."""
    found = {}
    for pod in pods:
        ip = at(pod, "status", "podIP")
        for container in at(pod, "spec", "containers", default=[]):
            for port in container.get("ports", []):
                if port.get("name") == _PORT and ip:
                    host = f"[{ip}]" if ":" in ip else ip
                    found[pod["metadata"]["name"]] = f"http://{host}:{port['containerPort']}/metrics"
    return found


def read(url: str, timeout_seconds: float = 5.0) -> dict[str, Count]:
    """The counts of one pod by "<club>-<project>". Raises TemporaryError."""
    try:
        # The environment's proxies are for the world outside.
        with httpx.Client(trust_env=False, timeout=timeout_seconds) as client:
            answer = client.get(url).raise_for_status()
        if len(answer.content) > _LARGEST_BYTES:
            raise _silent(url, f"{len(answer.content)} bytes")
        return counts(answer.text)
    except (httpx.HTTPError, ValueError) as error:
        raise _silent(url, f"{type(error).__name__}: {error}") from error


def counts(text: str) -> dict[str, Count]:
    """Pure: from the pod's own words."""
    found: dict[str, Count] = {}
    for family in text_string_to_metric_families(text):
        if family.name != _COUNTER:
            continue
        for sample in family.samples:
            match = _SERVICE.fullmatch(sample.labels.get("service", ""))
            if match is None or not sample.name.endswith("_total"):
                continue
            before = found.get(match["rest"], Count())
            wrong = sample.labels.get("code", "").startswith("5")
            found[match["rest"]] = Count(
                before.requests + int(sample.value), before.errors + (int(sample.value) if wrong else 0)
            )
    return found


def by_owner(found: Mapping[str, Count], owners: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Count]:
    """Pure: the counts of the projects that are known; a hyphen may stand in either name, so two that read
    the same are told apart by nobody, and get none."""
    names: dict[str, list[tuple[str, str]]] = {}
    for owner in owners:
        names.setdefault("-".join(owner), []).append(owner)
    return {known[0]: found[name] for name, known in names.items() if len(known) == 1 and name in found}


def _silent(url: str, why: str) -> TemporaryError:
    return TemporaryError(
        Explanation("ingress-silent", "The ingress controller does not tell its counts.", f"{url}: {why}", "")
    )
