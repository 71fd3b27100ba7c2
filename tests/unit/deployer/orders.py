"""Orders to test with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deployer.build import BuildOrder, BuildPlan, BuildSettings
from deployer.rollout import ClubSpec, RolloutOrder, RolloutSettings

BUILD_SETTINGS = BuildSettings(builder_image="docker.io/madang/builder@sha256:" + "b" * 64)
GENERATED = BuildPlan(
    language="python", port=8080, dockerfile="FROM python:3.12-slim\n", dockerignore=".git\n"
)
OWN = BuildPlan(language="dockerfile", port=5000, dockerfile_path="deploy/Dockerfile")
ROLLOUT_SETTINGS = RolloutSettings()
CLUB = ClubSpec("chess", 1 << 30, 1000, 10, "club-chess", "pull secret")


def build_order(**changes: Any) -> BuildOrder:
    order = BuildOrder(
        build="17",
        attempt=1,
        club="chess",
        project="blog",
        source_url="http://git.madang.svc.cluster.local/sources/17.tar.gz",
        source_token="fetch secret",
        push_image="registry.madang.svc.cluster.local:5000/chess/blog:build-17",
        cache_image="registry.madang.svc.cluster.local:5000/cache/chess/blog:cache",
        push_username="build-17",
        push_password="push secret",
        plan=GENERATED,
    )
    return replace(order, **changes)


def rollout_order(**changes: Any) -> RolloutOrder:
    order = RolloutOrder(
        club="chess",
        project="blog",
        release=3,
        image="registry.local/chess/blog@sha256:" + "a" * 64,
        hostname="blog.madang.localhost",
        url="http://blog.madang.localhost:8000",
        config={"GREETING": "안녕"},
        fence=7,
    )
    return replace(order, **changes)
