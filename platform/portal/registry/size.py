"""How large an image may be: every node that runs a copy pulls it whole, beside the images of other clubs."""

from __future__ import annotations

from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from portal.environment import environment
from portal.projects.models import Project
from portal.registry.images import delete_images, is_ours, size_bytes
from portal.releases.models import Release


def require_size(project: Project, digest: str) -> None:
    """Raises UserError for an image that is too large, which is then deleted unless a release uses it."""
    if not is_ours():
        return
    repository, most_bytes = f"{project.club.slug}/{project.slug}", environment().image_limit_bytes
    found_bytes = size_bytes(repository, digest)
    if found_bytes is None or found_bytes <= most_bytes:
        return
    if not Release.objects.filter(project=project, digest=digest, image_kept=True).exists():
        delete_images(repository, [digest])
    raise UserError(
        Explanation(
            "image-too-large",
            Sentence(
                "The image that your build made is {mebibytes} MiB large; {most} may be.",
                mebibytes=-(-found_bytes >> 20),
                most=most_bytes >> 20,
            ),
            "",
            "Install fewer or smaller packages, and leave data out of the image (.dockerignore).",
        )
    )
