"""What a Node says of its own end. Pure."""

from __future__ import annotations

from deployer.kube.objects import JsonMap, at, condition

# The spot handler's mark on a node that is about to go.
INTERRUPTED = "madang.dev/interrupted"
# It, and what Kubernetes, cloud providers and autoscalers write on a node that ends.
ENDING = frozenset(
    {
        INTERRUPTED,
        "node.kubernetes.io/out-of-service",
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
        "node.cloudprovider.kubernetes.io/shutdown",
        "karpenter.sh/disrupted",
        "ToBeDeletedByClusterAutoscaler",
    }
)


def is_lost(node: JsonMap | None) -> bool:
    """Whether a node is gone (None), silent or about to go."""
    if node is None:
        return True
    if any(taint.get("key") in ENDING for taint in at(node, "spec", "taints", default=[])):
        return True
    return bool(condition(node, "Ready").get("status", "True") != "True")
