"""Images on a machine that can pull none: bases for students' builds, and the platform's own parts."""

from localcluster.images.bases import GROUPS, Base, make_bases, push_bases
from localcluster.images.keeping import forget_old, keep
from localcluster.images.oci import Image
from localcluster.images.parts import make_platform, push_platform

__all__ = [
    "GROUPS",
    "Base",
    "Image",
    "forget_old",
    "keep",
    "make_bases",
    "make_platform",
    "push_bases",
    "push_platform",
]
