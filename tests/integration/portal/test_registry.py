"""The real registry believes the portal's tokens: each login opens exactly what it should."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models.functions import Now
from portal.builds import queue, steps
from portal.builds.models import Build, BuildState, QuietTime
from portal.derived import pull_password, push_password
from portal.registry import retention
from portal.registry.images import forget_project
from portal.registry.retention import collect
from portal.releases.models import Release
from pydantic import SecretStr

from tests.integration.apiserver import programs
from tests.integration.portal.processes import Portal, Process, eventually
from tests.integration.portal.scene import (
    WHY,
    ScriptedCluster,
    key_for,
    push,
    some_project,
    work,
)
from tests.integration.portal.visitors import visit
from tests.integration.redis_server import free_port

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Registry:
    """The registry's address, and how its clients speak with it."""

    url: str

    def send(self, login: tuple[str, str] | None, method: str, path: str, **more: object) -> httpx.Response:
        """As docker, containerd and BuildKit do: asked for a token, they fetch it and come again."""
        with httpx.Client(base_url=self.url, timeout=240) as client:
            answer = client.request(method, path, **more)  # type: ignore[arg-type]
            if answer.status_code != 401 or login is None:
                return answer
            asked = dict(re.findall(r'(\w+)="([^"]*)"', answer.headers["WWW-Authenticate"]))
            query = {"service": asked["service"], "scope": asked.get("scope", "")}
            got = httpx.get(asked["realm"], params=query, auth=login, timeout=240)
            if got.status_code != 200:
                return got
            client.headers["Authorization"] = f"Bearer {got.json()['token']}"
            return client.request(method, path, **more)  # type: ignore[arg-type]

    def push(self, login: tuple[str, str], repository: str, text: str, tag: str) -> httpx.Response:
        """An image whose one layer is the text."""
        blobs = [text.encode(), json.dumps({"architecture": "amd64", "os": "linux", "of": text}).encode()]
        for blob in blobs:
            begun = self.send(login, "POST", f"/v2/{repository}/blobs/uploads/")
            if begun.status_code != 202:
                return begun
            place = httpx.URL(begun.headers["Location"]).copy_merge_params({"digest": digest(blob)})
            done = self.send(login, "PUT", place.raw_path.decode(), content=blob)
            assert done.status_code == 201, done.text
        layer, config = blobs
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described("application/vnd.oci.image.config.v1+json", config),
            "layers": [described("application/vnd.oci.image.layer.v1.tar", layer)],
        }
        return self.send(
            login,
            "PUT",
            f"/v2/{repository}/manifests/{tag}",
            content=json.dumps(manifest).encode(),
            headers={"Content-Type": MANIFEST},
        )

    def pull(self, login: tuple[str, str] | None, repository: str, reference: str) -> int:
        return self.send(
            login, "GET", f"/v2/{repository}/manifests/{reference}", headers={"Accept": MANIFEST}
        ).status_code


def digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def described(kind: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": digest(blob), "size": len(blob)}


@pytest.fixture
def registry(
    platform_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Registry]:
    """The registry and the portal, with secrets as `make_secrets` prints them."""
    out = StringIO()
    call_command("make_secrets", stdout=out)
    made = {
        name: base64.b64decode(value).decode() for name, value in json.loads(out.getvalue())["data"].items()
    }
    signing, port, portal_port = made["MADANG_REGISTRY_SIGNING_KEY"], free_port(), free_port()
    changed = {
        "registry_signing_key": SecretStr(signing),
        "registry_push_host": f"127.0.0.1:{port}",
        "keep_releases": 2,
    }
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update=changed))
    (tmp_path / "jwks.json").write_text(made["registry-jwks.json"])
    config = {
        "version": 0.1,
        "log": {"level": "info"},
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "data")}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"},
        "auth": {
            "token": {
                "realm": f"http://127.0.0.1:{portal_port}/registry/token",
                "service": "madang-registry",
                "issuer": "madang",
                "jwks": str(tmp_path / "jwks.json"),
                "signingalgorithms": ["ES256"],
            }
        },
    }
    (tmp_path / "registry.yml").write_text(json.dumps(config))
    environment = {**platform_environment, "MADANG_REGISTRY_SIGNING_KEY": signing}
    words = [str(programs() / "registry"), "serve", str(tmp_path / "registry.yml")]
    with ended(Process(words, {"OTEL_TRACES_EXPORTER": "none"}, tmp_path / "registry.log")) as program:
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            program.alive()
            try:
                return httpx.get(f"{url}/v2/", timeout=240).status_code == 401
            except httpx.TransportError:
                return False

        with ended(Portal(environment, tmp_path / "portal.log", portal_port)):
            eventually(answers, "a registry that asks for a token")
            yield Registry(url)


@contextmanager
def ended(process: Process) -> Iterator[Process]:
    try:
        yield process
    finally:
        process.end()


def running(build: Build) -> tuple[str, str]:
    """A worker has taken the build; its login."""
    lease = queue.claim(build.pk, "w")
    assert lease is not None
    steps.begin(lease)
    return f"build-{build.pk}", push_password(build.pk, 1)


def test_a_build_pushes_its_own_image_and_cache_and_nothing_else(registry: Registry) -> None:
    project, other = some_project(), some_project()
    own, others = f"{project.club.slug}/site", f"{other.club.slug}/site"
    build = push(project)
    login = running(build)
    pushed = registry.push(login, own, "one", "build-1")
    assert pushed.status_code == 201
    assert registry.push(login, f"cache/{own}", "cache", "cache").status_code == 201
    for repository in (others, f"cache/{others}", f"{own}2", f"{project.club.slug}/sit", "library/python"):
        assert registry.push(login, repository, "evil", "x").status_code == 401, repository
        assert registry.pull(login, repository, "x") == 401, repository
    assert registry.pull(login, own, pushed.headers["Docker-Content-Digest"]) == 200
    assert registry.send(login, "GET", "/v2/_catalog").status_code == 401
    assert registry.send(login, "DELETE", f"/v2/{own}/manifests/{'sha256:' + 'a' * 64}").status_code == 401


def test_a_builds_login_ends_with_the_build(registry: Registry) -> None:
    project = some_project()
    own = f"{project.club.slug}/site"
    build = push(project)
    login = (f"build-{build.pk}", push_password(build.pk, 1))
    assert registry.push(login, own, "too early", "x").status_code == 401
    running(build)
    assert (
        registry.push((login[0], push_password(build.pk, 2)), own, "next attempt's", "x").status_code == 401
    )
    assert registry.push(login, own, "now", "x").status_code == 201
    lease = steps.Lease(build.pk, "w", 1)
    steps.end(lease, BuildState.FAILED, WHY)
    assert registry.push(login, own, "too late", "x").status_code == 401


def test_a_club_and_its_keys_pull_their_own_images_alone(registry: Registry) -> None:
    project, other = some_project(), some_project()
    own = f"{project.club.slug}/site"
    image = registry.push(running(push(project)), own, "one", "x").headers["Docker-Content-Digest"]
    club = (f"club-{project.club.slug}", pull_password(project.club_id))
    key, others = ("any", key_for(project, "read")), ("any", key_for(other, "manage"))
    assert registry.pull(club, own, image) == 200
    assert registry.pull(key, own, image) == 200
    assert registry.pull(others, own, image) == 401
    assert registry.pull((f"club-{other.club.slug}", pull_password(other.club_id)), own, image) == 401
    assert registry.pull((club[0], pull_password(other.club_id)), own, image) == 401
    assert registry.pull((club[0], ""), own, image) == 401
    assert registry.pull(None, own, image) == 401
    for login in (club, key):
        assert registry.push(login, own, "evil", "x").status_code == 401


def test_a_token_is_also_given_for_a_form_as_oauth2_clients_send_it(registry: Registry) -> None:
    project = some_project()
    asked = httpx.get(f"{registry.url}/v2/", timeout=240).headers["WWW-Authenticate"]
    realm = dict(re.findall(r'(\w+)="([^"]*)"', asked))["realm"]
    form = {
        "grant_type": "password",
        "username": f"club-{project.club.slug}",
        "password": pull_password(project.club_id),
        "service": "madang-registry",
        "scope": f"repository:{project.club.slug}/site:pull,push",
    }
    answer = httpx.post(realm, data=form, timeout=240)
    assert answer.status_code == 200
    assert answer.json()["scope"] == f"repository:{project.club.slug}/site:pull"
    assert httpx.post(realm, data={**form, "password": "wrong"}, timeout=240).status_code == 401
    assert httpx.post(realm, data={**form, "grant_type": "refresh_token"}, timeout=240).status_code == 400


def test_an_image_that_is_too_large_for_nodes_fails_its_build_and_goes(
    registry: Registry, cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = some_project()
    own = f"{project.club.slug}/site"
    digests = []

    def really_pushes(order: object, stop: object) -> object:
        from deployer.build import BuildOutcome

        login = (order.push_username, order.push_password)  # type: ignore[attr-defined]
        pushed = registry.push(login, own, "x" * (10 + 3000 * len(digests)), f"build-{len(digests)}")
        digests.append(pushed.headers["Docker-Content-Digest"])
        return BuildOutcome("succeeded", digests[-1])

    cluster.during_build = really_pushes  # type: ignore[assignment]
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update={"image_limit_bytes": 2000}))
    builds = []
    for _ in range(2):
        builds.append(push(project))
        work()
    small, large = Build.objects.filter(pk__in=[build.pk for build in builds]).order_by("pk")
    assert (small.state, large.state) == (BuildState.SUCCEEDED, BuildState.FAILED)
    assert large.explanation is not None
    assert large.explanation["reason"] == "image-too-large"
    club = (f"club-{project.club.slug}", pull_password(project.club_id))
    assert [registry.pull(club, own, image) for image in digests] == [200, 404]


def test_a_club_that_fills_its_share_builds_no_more_until_the_registry_has_collected(
    registry: Registry, cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = some_project()
    own = f"{project.club.slug}/site"

    def really_pushes(order: object, stop: object) -> object:
        from deployer.build import BuildOutcome

        login = (order.push_username, order.push_password)  # type: ignore[attr-defined]
        build = order.build  # type: ignore[attr-defined]
        # 2000 bytes of an image, whose config has its layer's text too, and 1000 of a cache.
        registry.push(login, f"cache/{own}", f"{build} " + "c" * 500, "cache")
        pushed = registry.push(login, own, f"{build} " + "x" * 1000, f"build-{build}")
        return BuildOutcome("succeeded", pushed.headers["Docker-Content-Digest"])

    cluster.during_build = really_pushes  # type: ignore[assignment]
    changed = {"club_images_limit_bytes": 9000, "registry_workload": "madang/registry"}
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update=changed))

    def pushed_again() -> Build:
        build = push(project)
        work()
        build.refresh_from_db()
        return build

    assert [pushed_again().state for _ in range(3)] == [BuildState.SUCCEEDED] * 3
    refused = pushed_again()
    assert refused.state == BuildState.FAILED
    assert refused.explanation is not None
    assert refused.explanation["reason"] == "club-images-full"
    assert str(refused.pk) not in {order.build for order in cluster.started}
    # What was deleted is there still.
    assert collect() == 1
    assert pushed_again().state == BuildState.FAILED
    QuietTime.objects.create(used=True, until=Now())
    assert pushed_again().state == BuildState.SUCCEEDED


def test_old_images_go_and_those_that_may_be_wanted_stay(
    registry: Registry, cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = some_project()
    own = f"{project.club.slug}/site"
    digests = []

    def really_pushes(order: object, stop: object) -> object:
        from deployer.build import BuildOutcome

        number = len(digests)
        login = (order.push_username, order.push_password)  # type: ignore[attr-defined]
        pushed = registry.push(login, own, f"image {number}", f"build-{number}")
        digests.append(pushed.headers["Docker-Content-Digest"])
        return BuildOutcome("succeeded", digests[-1])

    cluster.during_build = really_pushes  # type: ignore[assignment]
    for _ in range(4):
        push(project)
        work()
    assert collect() == 2
    assert collect() == 0
    club = (f"club-{project.club.slug}", pull_password(project.club_id))
    assert [registry.pull(club, own, image) for image in digests] == [404, 404, 200, 200]
    kept = Release.objects.filter(project=project, image_kept=True).values_list("number", flat=True)
    assert sorted(kept) == [3, 4]
    with_config = Release.objects.filter(project=project).exclude(encrypted_config=b"")
    assert sorted(with_config.values_list("number", flat=True)) == [3, 4]
    page = f"/clubs/{project.club.slug}/site/releases"
    for path in (page, f"{page}/2", f"{page}/3", f"{page}/2/rollback"):
        assert visit(project.club).get(path).status_code == 200, path


def test_what_a_build_without_success_had_pushed_goes_with_its_name(registry: Registry) -> None:
    """A student may push and cancel all day: no release ever knew these images."""
    project = some_project()
    own = f"{project.club.slug}/site"
    club = (f"club-{project.club.slug}", pull_password(project.club_id))
    tags = []
    for state in (BuildState.CANCELLED, BuildState.FAILED, BuildState.SUCCEEDED):
        build = push(project)
        tags.append(f"build-{build.pk}")
        image = registry.push(running(build), own, "the same", tags[-1]).headers["Docker-Content-Digest"]
        lease = steps.Lease(build.pk, "w", 1)
        if state == BuildState.SUCCEEDED:
            steps.succeed(lease, image)
        else:
            steps.end(lease, state, WHY)
    build = push(project)
    tags.append(f"build-{build.pk}")
    registry.push(running(build), own, "not done yet", tags[-1])
    collect()
    assert [registry.pull(club, own, tag) for tag in tags] == [404, 404, 200, 200]
    assert registry.pull(club, own, image) == 200
    assert forget_project(project)
    assert [registry.pull(club, own, tag) for tag in tags] == [404] * 4
    assert forget_project(project)


def test_images_that_the_registry_did_not_delete_are_tried_again_and_nobody_goes_back_to_them(
    registry: Registry, cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = some_project()
    for _ in range(4):
        push(project)
        work()
    digests = dict(Release.objects.filter(project=project).values_list("number", "digest"))
    asked: list[set[str]] = []

    def answer(done: bool) -> None:
        def delete(repository: str, wanted: set[str]) -> bool:
            asked.append(set(wanted))
            return done

        monkeypatch.setattr(retention, "delete_images", delete)

    answer(False)
    assert collect() == 0
    kept = Release.objects.filter(project=project, image_kept=True).values_list("number", flat=True)
    assert sorted(kept) == [3, 4]
    answer(True)
    assert collect() == 2
    assert asked == [{digests[1], digests[2]}] * 2
    assert collect() == 0
    assert len(asked) == 2
