"""The cluster's machines are root's alone."""

import os

from localcluster.errors import ClusterError


def need_root() -> None:
    """Raises ClusterError for anybody else, before a file or a socket refuses with less of a word."""
    if os.geteuid() != 0:
        raise ClusterError(
            "You are not root, who alone may look into the cluster's machines: run it with sudo."
        )
