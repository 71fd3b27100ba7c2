"""Clubs, keys and projects in the database; and what workers write there, written by the test."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TypeVar

from django.utils import timezone
from portal.accounts import keys
from portal.accounts.models import AccessKey
from portal.builds import log
from portal.builds.models import Build, BuildState, StreamState
from portal.clubs.models import Club
from portal.derived import source_token, token_hash
from portal.environment import environment
from portal.projects.models import Project

from deployer.errors import Explanation
from tests.integration.gitserver.student import Running

PATIENCE_SECONDS = 300
T = TypeVar("T")


class School:
    """Each test has a club of its own."""

    def __init__(self) -> None:
        self.club = Club.objects.create(slug=f"club-{secrets.token_hex(4)}", name="Club")

    def project(self, slug: str = "app", club: Club | None = None) -> Project:
        owner = club or self.club
        return Project.objects.create(club=owner, slug=slug, subdomain=f"{slug}-{secrets.token_hex(4)}")

    def key(
        self, *scopes: str, project: Project | None = None, club: Club | None = None, **more: object
    ) -> str:
        new = keys.new_key()
        AccessKey.objects.create(
            id=new.id,
            club=club or self.club,
            project=project,
            name="test",
            scopes=list(scopes),
            digest=keys.digest(new, environment().key_pepper.get_secret_value()),
            created_by="test",
            **more,
        )
        return new.text

    # ---- what the workers do ------------------------------------------------------------------

    def accepted(self, project: Project, count: int = 1, push: Running | None = None) -> Build:
        """The project's newest build, once `count` were accepted; `push` must not have ended before."""

        def newest() -> Build | None:
            found = list(Build.objects.filter(project=project).order_by("-id"))
            if len(found) >= count:
                return found[0]
            assert push is None or push.process.poll() is None, push.output
            return None

        return eventually(newest)

    def take(self, build: Build) -> str:
        """A worker starts a build; its source token."""
        token = source_token(build.pk, build.attempt)
        Build.objects.filter(pk=build.pk).update(
            state=BuildState.RUNNING, started_at=timezone.now(), source_token_hash=token_hash(token)
        )
        return token

    def say(self, build: Build, *lines: str, kind: log.Kind = "build") -> None:
        """What a builder or an app prints."""
        now = timezone.now()
        log.append(build.stream_id, [log.Line(kind, line, now) for line in lines])

    def built(self, build: Build) -> None:
        """There is an image; the rollout is still to come."""
        Build.objects.filter(pk=build.pk).update(state=BuildState.SUCCEEDED, finished_at=timezone.now())

    def succeed(self, build: Build) -> None:
        """Built, rolled out and answering."""
        self.built(build)
        log.end(build.stream_id, StreamState.SUCCEEDED)

    def fail(self, build: Build, explanation: Explanation) -> None:
        Build.objects.filter(pk=build.pk).update(state=BuildState.FAILED, finished_at=timezone.now())
        log.end(build.stream_id, StreamState.FAILED, explanation)


def eventually(look: Callable[[], T | None], patience_seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + patience_seconds
    while True:
        if found := look():
            return found
        assert time.monotonic() < deadline, f"not within {patience_seconds} s"
        time.sleep(0.05)
