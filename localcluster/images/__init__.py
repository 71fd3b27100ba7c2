"""Images on a machine that can pull none: bases for students' builds, and the platform's own parts."""

from localcluster.images.bases import GROUPS, ensure_bases, make_bases
from localcluster.images.parts import PARTS, ensure_platform, prepare_platform

__all__ = [
    "GROUPS",
    "PARTS",
    "ensure_bases",
    "ensure_platform",
    "make_bases",
    "prepare_platform",
]
