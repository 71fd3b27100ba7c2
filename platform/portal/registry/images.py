"""Removing images from the registry."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import httpx

from portal.environment import environment
from portal.projects.models import Project
from portal.registry.grants import Access
from portal.registry.signing import sign

logger = logging.getLogger(__name__)

_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


def is_ours() -> bool:
    """Whether the registry takes our tokens; another's images are not ours to remove."""
    return bool(environment().registry_signing_key.get_secret_value())


def delete_images(repository: str, references: Iterable[str]) -> bool:
    """Deletes manifests (the registry's garbage collection frees the space); False: try again later.

    Of a tag the name alone goes: another tag's image of the same digest stays.
    """
    with _client(repository) as client:
        try:
            for reference in sorted(set(references)):
                answer = client.delete(f"/v2/{repository}/manifests/{reference}")
                if answer.status_code not in (200, 202, 404):
                    logger.warning(
                        "image not deleted", extra={"repository": repository, "status": answer.status_code}
                    )
                    return False
        except httpx.HTTPError as error:
            logger.warning("no answer from the registry", extra={"error": str(error)})
            return False
    return True


def tags_of(repository: str) -> list[str]:
    """Raises httpx.HTTPError."""
    with _client(repository) as client:
        answer = client.get(f"/v2/{repository}/tags/list")
    if answer.status_code == 404:
        return []
    return list(answer.raise_for_status().json()["tags"] or ())


def blobs_of(repository: str, reference: str) -> dict[str, int] | None:
    """The size of each blob of an image or a build cache by digest, none if it is not there; None if the
    registry does not tell."""
    try:
        with _client(repository) as client:
            answer = client.get(f"/v2/{repository}/manifests/{reference}", headers={"Accept": _MANIFESTS})
        if answer.status_code == 404:
            return {}
        manifest = answer.raise_for_status().json()
        # BuildKit's cache is an image, or an index whose manifests are its blobs.
        parts = [manifest["config"], *manifest["layers"]] if "layers" in manifest else manifest["manifests"]
        return {str(part["digest"]): int(part["size"]) for part in parts}
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        logger.warning("an image's size is not known", extra={"repository": repository, "error": str(error)})
        return None


def forget_project(project: Project) -> bool:
    """Deletes all images and the build cache of a project; False: try again later."""
    if not is_ours():
        return True
    own = f"{project.club.slug}/{project.slug}"
    digests = project.builds.exclude(digest="").values_list("digest", flat=True)
    if not delete_images(own, digests):
        return False
    try:
        left = tags_of(own)
        cached = _tagged(f"cache/{own}", "cache")
    except httpx.HTTPError as error:
        logger.warning("no answer from the registry", extra={"error": str(error)})
        return False
    return delete_images(own, left) and (cached is None or delete_images(f"cache/{own}", [cached]))


def _tagged(repository: str, tag: str) -> str | None:
    with _client(repository) as client:
        answer = client.head(f"/v2/{repository}/manifests/{tag}", headers={"Accept": _MANIFESTS})
    if answer.status_code == 404:
        return None
    found: str | None = answer.raise_for_status().headers.get("Docker-Content-Digest")
    return found


def _client(repository: str) -> httpx.Client:
    token, _ = sign("platform", [Access("repository", repository, frozenset({"pull", "delete"}))])
    return httpx.Client(
        base_url=environment().registry_api_url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
