"""The cluster's one way out: package registries, through a proxy on the host, for builds."""

from localcluster.egress.material import build_settings
from localcluster.egress.proxy import proxy_command, proxy_files
from localcluster.egress.registries import WayOut, way_out

__all__ = ["WayOut", "build_settings", "proxy_command", "proxy_files", "way_out"]
