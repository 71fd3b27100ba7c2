from __future__ import annotations

from django.db import models


class Project(models.Model):
    """One repository, one web service, one subdomain.

    `release_count` and `rollout_fence` only grow, under the row's lock: they give release numbers and
    the fencing numbers of rollouts. While `deleted_at` is set, the cluster's and the registry's share is
    being removed, and the names stay taken. `repository_bytes` is what the repository took on the git
    server's disk when that looked last.
    """

    club = models.ForeignKey("clubs.Club", on_delete=models.PROTECT, related_name="projects")
    slug = models.CharField(max_length=40)
    subdomain = models.CharField(max_length=63, unique=True)
    deploy_branch = models.CharField(max_length=100, default="main")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    repository_bytes = models.BigIntegerField(default=0, db_default=0)
    release_count = models.IntegerField(default=0)
    rollout_fence = models.BigIntegerField(default=0)
    replicas = models.IntegerField(default=1)
    memory_bytes = models.BigIntegerField(default=256 << 20)
    cpu_millicores = models.IntegerField(default=250)

    class Meta:
        ordering = ["club__slug", "slug"]
        constraints = [models.UniqueConstraint(fields=["club", "slug"], name="one_project_slug_a_club")]

    def __str__(self) -> str:
        return f"{self.club.slug}/{self.slug}"
