"""What an operator may set for the git server alone (`portal.environment` has the rest)."""

from __future__ import annotations

from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class GitServerSettings(BaseSettings):
    """MADANG_GIT_… variables; units stand in the names."""

    model_config = SettingsConfigDict(env_prefix="MADANG_GIT_", extra="ignore", frozen=True)

    push_limit_bytes: int = Field(default=256 << 20, ge=1 << 20)
    repository_limit_bytes: int = Field(default=2 << 30, ge=1 << 20)
    repository_limit_refs: int = Field(default=5000, ge=1)
    # Of a commit, a folder or a file that comes as a difference: git holds each whole in memory, and 700 kB
    # of a pack may be a commit of 700 MB. Files that come whole are streamed from 16 MiB on (`policy`).
    object_limit_bytes: int = Field(default=64 << 20, ge=32 << 20)
    # What is unpacked from the commit may be larger than the push: it counts as the build reads it.
    archive_limit_bytes: int = Field(default=1 << 30, ge=1 << 20)

    # A push first receives (index-pack: up to 100 MB), then waits for its deploy (15 MB and idle).
    receiving_concurrency: int = Field(default=6, ge=1)
    # Of one club: a slow client may keep its turn for half an hour.
    club_receiving_concurrency: int = Field(default=4, ge=1)
    push_concurrency: int = Field(default=32, ge=1)
    # Of one club: a push keeps its turn for as long as its deploy waits and runs.
    club_push_concurrency: int = Field(default=20, ge=1)
    project_push_concurrency: int = Field(default=4, ge=1)
    fetch_concurrency: int = Field(default=8, ge=1)
    club_fetch_concurrency: int = Field(default=5, ge=1)
    # An answer that has waited so long for its client goes on without its turn, beside so many others: each
    # holds 8 MiB of it, and a git that waits.
    slow_fetch_seconds: float = Field(default=10, gt=0)
    slow_fetch_concurrency: int = Field(default=16, ge=1)
    # Each commit is read and packed by one thread of four; of a club one at a time, as large ones take long.
    preparing_concurrency: int = Field(default=3, ge=1)
    turn_seconds: float = Field(default=60, gt=0)

    heartbeat_seconds: float = Field(default=15, gt=0)
    # A client that takes nothing for so long is gone.
    stalled_seconds: float = Field(default=300, gt=0)
    # As long as the ingress waits for a request to be complete.
    upload_seconds: float = Field(default=1800, gt=0)
    goodbye_seconds: float = Field(default=20, gt=0)

    housekeeping_seconds: float = Field(default=60, gt=0)
    keep_sources_seconds: float = Field(default=3600, ge=0)
    # Of a project's newest build, if it failed or was cancelled: so long it can be built again.
    keep_failed_sources_seconds: float = Field(default=7 * 86400, ge=0)
    # Beyond it, what ended builds left goes at once; and so much may wait of one club.
    sources_limit_bytes: int = Field(default=2 << 30, ge=1 << 20)
    # Of deleted projects, which are kept for a week: beyond it the oldest go earlier.
    removed_limit_bytes: int = Field(default=4 << 30, ge=0)


@cache
def git_settings() -> GitServerSettings:
    return GitServerSettings()
