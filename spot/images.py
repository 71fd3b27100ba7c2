"""Images where they will be wanted: most of a handoff's time is the pull on a node that lacks the image.

Measured: a replacement is Ready after 2.5-2.9 s where its image is, after 5-12 s where it is not.
Pure: Deployments and Nodes in, pulls out. `spot.pulling` does them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from spot import names, pods
from spot.placement import may_run, prefers
from spot.pods import JsonMap

_DEFAULT_HOST, _DEFAULT_FOLDER = "docker.io", "library"


@dataclass(frozen=True)
class Pull:
    """One image to one node. `urgent`: it runs on a node that is called back or at risk."""

    namespace: str
    image: str
    pull_secrets: tuple[str, ...]
    node: str
    urgent: bool = False


@dataclass(frozen=True)
class _Wanted:
    """One image of one Deployment, and where it may run."""

    namespace: str
    image: str
    pull_secrets: tuple[str, ...]
    spec: JsonMap
    urgent: bool


def plan(
    deployments: Iterable[JsonMap],
    nodes: Iterable[JsonMap],
    fenced: Collection[str],
    wanted_copies: int = 2,
    namespaces: Collection[str] = (),
) -> list[Pull]:
    """What is to be pulled, the most urgent first: each live image on `wanted_copies` nodes that stay.

    `fenced` are the nodes that are called back or at risk, of whose images others want a copy first.
    `namespaces` are those besides the clubs' where a Deployment may opt in.
    """
    all_nodes = list(nodes)
    has = {node["metadata"]["name"]: images_on(node) for node in all_nodes}
    staying = [node for node in all_nodes if node["metadata"]["name"] not in fenced]
    going: set[str] = set().union(*(has[name] for name in fenced if name in has))
    found = [each for item in deployments if _is_live(item, namespaces) for each in _images_of(item, going)]
    load: Counter[str] = Counter()
    pulls: dict[tuple[str, str], Pull] = {}
    for each in sorted(found, key=lambda each: (not each.urgent, each.namespace, each.image)):
        for node in _targets(each, staying, has, load, wanted_copies):
            load[node] += 1
            pull = Pull(each.namespace, each.image, each.pull_secrets, node, each.urgent)
            pulls.setdefault((each.image, node), pull)
    return list(pulls.values())


def images_on(node: JsonMap) -> set[str]:
    """By every name that the kubelet gives them (all of them only with `nodeStatusMaxImages: -1`)."""
    return {
        normal(name)
        for image in node.get("status", {}).get("images") or []
        for name in image.get("names") or []
    }


def normal(image: str) -> str:
    """As containerd names it: with its registry, and by digest alone where it has one.

    >>> normal("nginx"), normal("registry.local/club/blog:3@sha256:0")
    ('docker.io/library/nginx:latest', 'registry.local/club/blog@sha256:0')
    """
    name, at, digest = image.partition("@")
    host, slash, _ = name.partition("/")
    if not slash:
        name = f"{_DEFAULT_HOST}/{_DEFAULT_FOLDER}/{name}"
    elif not ("." in host or ":" in host or host == "localhost"):
        name = f"{_DEFAULT_HOST}/{name}"
    folder, _, last = name.rpartition("/")
    bare, _, tag = last.partition(":")
    return f"{folder}/{bare}@{digest}" if at else f"{folder}/{bare}:{tag or 'latest'}"


def _is_live(deployment: JsonMap, namespaces: Collection[str]) -> bool:
    """A project's, or of one that has opted in where pods may be created for it."""
    namespace, own = pods.key(deployment)[0], pods.labels(deployment)
    if deployment["spec"].get("replicas") == 0 or deployment["metadata"].get("deletionTimestamp"):
        return False
    label, value = names.OPT_IN
    if namespace.startswith(names.CLUB_NAMESPACE):
        return names.PROJECT in own and own.get(label, value) == value
    return namespace in namespaces and own.get(label) == value


def _images_of(deployment: JsonMap, going: Collection[str]) -> list[_Wanted]:
    spec = deployment["spec"]["template"]["spec"]
    secrets = tuple(each["name"] for each in spec.get("imagePullSecrets") or [])
    containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    return [
        _Wanted(pods.key(deployment)[0], image, secrets, spec, normal(image) in going)
        for image in sorted({each["image"] for each in containers})
    ]


def _targets(
    wanted: _Wanted,
    staying: Iterable[JsonMap],
    has: Mapping[str, set[str]],
    load: Mapping[str, int],
    copies: int,
) -> list[str]:
    """Nodes that lack it, as many as copies are missing: those that its pods prefer, the least busy first."""
    fit = [node for node in staying if may_run(wanted.spec, node)]
    image = normal(wanted.image)
    lacking = [node for node in fit if image not in has[node["metadata"]["name"]]]
    missing = copies - (len(fit) - len(lacking))
    lacking.sort(
        key=lambda node: (
            -prefers(wanted.spec, node),
            load.get(node["metadata"]["name"], 0),
            node["metadata"]["name"],
        )
    )
    return [node["metadata"]["name"] for node in lacking[: max(missing, 0)]]
