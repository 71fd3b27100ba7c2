from __future__ import annotations

from django.db import models


class PushedImage(models.Model):
    """What a build put into the registry: of its image and its cache the bytes of each blob by digest.

    Outlives its build, as the blobs do until the registry has collected its garbage.
    """

    club = models.ForeignKey("clubs.Club", on_delete=models.CASCADE, related_name="pushed_images")
    build = models.OneToOneField(
        "builds.Build", null=True, on_delete=models.SET_NULL, related_name="pushed_image"
    )
    image: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField()
    cache: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField()
    pushed_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"image of build {self.build_id}"
