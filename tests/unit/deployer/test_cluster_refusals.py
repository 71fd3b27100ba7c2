"""What the API server refuses ends with what to do: a student may read it at the end of a push."""

from __future__ import annotations

import pytest
from kubernetes.client.exceptions import ApiException

from deployer.kube.refusal import translate


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_every_refusal_says_what_to_do_next(status: int) -> None:
    refused = translate(ApiException(status=status, reason="No"), "apply Deployment club-a/blog")
    assert refused.explanation.next
