"""The image that holds each pod's namespaces open: one static program of ours."""

import time
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.images.keeping import pushing
from localcluster.images.layer import pack
from localcluster.images.oci import Image
from localcluster.images.registry import Registry
from localcluster.images.store import open_store
from localcluster.instance import Instance
from localcluster.program import answers
from localcluster.report import Report

REPOSITORY, TAG = "madang/pause", "1"
IMAGE = f"docker.io/{REPOSITORY}:{TAG}"
NOBODY = "65532:65532"


def push(instance: Instance, programs: Path, report: Report) -> None:
    """Put it into the mirror, once that answers; raises ClusterError."""
    wait_for_mirror(instance)
    store = open_store(instance.cache, report)
    store.blobs.mkdir(parents=True, exist_ok=True)
    layer = pack(store.blobs, {"pause": (programs / "pause").resolve()}, mode=0o755)
    image = Image().with_layer(layer).with_config(Entrypoint=["/pause"], User=NOBODY)
    with pushing(instance.cache):
        Registry(instance.mirror_url).push(image, REPOSITORY, [TAG])


def wait_for_mirror(instance: Instance, deadline_seconds: float = 60) -> None:
    """Until the mirror answers on the host's loopback; raises ClusterError."""
    deadline = time.monotonic() + deadline_seconds
    while not answers(f"{instance.mirror_url}/v2/"):
        if time.monotonic() > deadline:
            raise ClusterError(
                f"The image mirror does not answer at {instance.mirror_url}. "
                'Look at `make logs ARGS="control mirror-write"` and `make logs ARGS="control gate"`.'
            )
        time.sleep(0.05)
