"""What a release takes: madang.yaml's word, else the project's defaults."""

from __future__ import annotations

from dataclasses import dataclass

from deployer.source.snapshot import WebSettings
from portal.clubs.budget import Share
from portal.projects.models import Project


@dataclass(frozen=True)
class Resources:
    """`replicas` pods, each with so much memory and cpu."""

    replicas: int
    memory_bytes: int
    cpu_millicores: int

    @property
    def share(self) -> Share:
        return Share(
            memory_bytes=self.replicas * self.memory_bytes,
            cpu_millicores=self.replicas * self.cpu_millicores,
            pods=self.replicas,
        )


def resources_of(web: WebSettings, project: Project) -> Resources:
    return Resources(
        replicas=web.replicas or project.replicas,
        memory_bytes=web.memory_bytes or project.memory_bytes,
        cpu_millicores=web.cpu_millicores or project.cpu_millicores,
    )
