"""How large an image may be: every node that runs a copy pulls it whole, beside the images of other clubs."""

from __future__ import annotations

from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from portal.builds.models import Build
from portal.environment import environment
from portal.registry import space
from portal.registry.images import blobs_of, delete_images, is_ours
from portal.releases.models import Release


def require_size(build: Build, digest: str) -> None:
    """Notes what the build has pushed. Raises UserError for an image that is too large, which is then deleted
    unless a release uses it."""
    if not is_ours():
        return
    project, most_bytes = build.project, environment().image_limit_bytes
    repository = f"{project.club.slug}/{project.slug}"
    image = blobs_of(repository, digest)
    if image is None:
        return
    space.note(build, image, blobs_of(f"cache/{repository}", "cache") or {})
    found_bytes = sum(image.values())
    if found_bytes <= most_bytes:
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
