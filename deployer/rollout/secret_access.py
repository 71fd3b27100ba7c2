"""Our own way to Secrets: bound in each club's namespace, so that none elsewhere in the cluster is open."""

from __future__ import annotations

import time
from typing import Any

from deployer.errors import Explanation, TemporaryError
from deployer.kube import Kube
from deployer.rollout import names
from deployer.rollout.settings import RolloutSettings
from deployer.sentence import Sentence

# The authorizer learns of a new binding through a watch: usually within milliseconds.
BOUND_SECONDS = 30.0
PAUSE_SECONDS = 0.1


def ensure_secret_access(kube: Kube, club: str, settings: RolloutSettings) -> None:
    """Returns once this process may keep Secrets in the club's namespace, which has to be there.

    Raises Missing without the namespace, TemporaryError when the binding is not heard of in time.
    """
    namespace = names.namespace(club)
    if not settings.secrets_role or kube.may("list", "Secret", namespace):
        return
    kube.apply(role_binding(club, settings))
    deadline = time.monotonic() + BOUND_SECONDS
    while not kube.may("list", "Secret", namespace):
        if time.monotonic() > deadline:
            raise TemporaryError(
                Explanation(
                    "secrets-not-bound",
                    Sentence(
                        "The cluster does not let Madang keep Secrets in {namespace} yet.",
                        namespace=namespace,
                    ),
                    f"RoleBinding {namespace}/{names.SECRETS_BINDING} to ClusterRole {settings.secrets_role}",
                    "It is tried again by itself; if it stays so, look at that ClusterRole.",
                )
            )
        time.sleep(PAUSE_SECONDS)


def role_binding(club: str, settings: RolloutSettings) -> dict[str, Any]:
    account_namespace, _, account = settings.account.partition("/")
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {
            "name": names.SECRETS_BINDING,
            "namespace": names.namespace(club),
            "labels": {"app.kubernetes.io/managed-by": "madang", names.CLUB: club},
        },
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": settings.secrets_role,
        },
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": account_namespace}],
    }
