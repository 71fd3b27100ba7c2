"""Whether a pod may run on a node, and how much it likes to, by what the scheduler reads of both. Pure.

Room is not asked after: an image is wanted where its pods may go once there is room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spot import pods
from spot.pods import JsonMap

_KEEPS_OUT = ("NoSchedule", "NoExecute")


def may_run(spec: JsonMap, node: JsonMap) -> bool:
    """The node is Ready and open, its taints are tolerated, and it is of those that the pod asks for."""
    if pods.condition(node, "Ready").get("status") != "True" or node["spec"].get("unschedulable"):
        return False
    if node["metadata"].get("deletionTimestamp"):
        return False
    taints = (each for each in node["spec"].get("taints") or [] if each.get("effect") in _KEEPS_OUT)
    if not all(tolerates(spec, taint) for taint in taints):
        return False
    if not (spec.get("nodeSelector") or {}).items() <= pods.labels(node).items():
        return False
    required = _affinity(spec).get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or any(_matches(term, node) for term in required.get("nodeSelectorTerms") or [])


def prefers(spec: JsonMap, node: JsonMap) -> int:
    """The sum of the weights of the preferences that the node meets."""
    preferences = _affinity(spec).get("preferredDuringSchedulingIgnoredDuringExecution") or []
    return sum(int(each["weight"]) for each in preferences if _matches(each["preference"], node))


def tolerates(spec: JsonMap, taint: JsonMap) -> bool:
    return any(_tolerates(each, taint) for each in spec.get("tolerations") or [])


def _affinity(spec: JsonMap) -> JsonMap:
    return (spec.get("affinity") or {}).get("nodeAffinity") or {}


def _tolerates(toleration: JsonMap, taint: JsonMap) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("operator") == "Exists":
        return not toleration.get("key") or toleration["key"] == taint["key"]
    return bool(
        toleration.get("key") == taint["key"]
        and (toleration.get("value") or "") == (taint.get("value") or "")
    )


def _matches(term: JsonMap, node: JsonMap) -> bool:
    """All of a term's expressions; an empty term matches no node."""
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False
    name = {"metadata.name": node["metadata"]["name"]}
    return _all(expressions, pods.labels(node)) and _all(fields, name)


def _all(expressions: Iterable[JsonMap], values: Mapping[str, str]) -> bool:
    return all(_holds(each, values.get(each["key"])) for each in expressions)


def _holds(expression: JsonMap, value: str | None) -> bool:
    wanted = expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in wanted
        case "NotIn":
            return value not in wanted
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" as operator:
            if value is None or not (_is_integer(value) and wanted and _is_integer(wanted[0])):
                return False
            return int(value) > int(wanted[0]) if operator == "Gt" else int(value) < int(wanted[0])
    return False


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
