"""A failed or cancelled build, tried again from the same commit without a push."""

from __future__ import annotations

from unittest.mock import ANY

import pytest
from portal.accounts.models import AuditEntry
from portal.accounts.principal import Principal
from portal.builds.cancelling import cancel_build
from portal.builds.models import Build
from portal.builds.rebuilding import rebuild
from portal.builds.selectors import queue_position
from portal.builds.trouble import MOST_NODES
from portal.problems import Problem
from portal.projects.models import Project
from portal.releases.models import Release

from deployer.build import BuildOutcome
from deployer.sentence import Sentence
from tests.integration.portal.scene import (
    BY,
    WHY,
    ScriptedCluster,
    key_for,
    lines_of,
    live_number,
    push,
    some_project,
    work,
)
from tests.integration.portal.test_claims import at_once
from tests.integration.portal.test_portal_api import Api
from tests.integration.portal.test_project_pages import at, post, text
from tests.integration.portal.visitors import visit


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    return some_project()


@pytest.fixture
def failed(project: Project, cluster: ScriptedCluster) -> Build:
    cluster.build_outcomes.append(BuildOutcome("failed", explanation=WHY))
    build = push(project, seen=(Sentence("Python, from requirements.txt"),))
    work()
    build.refresh_from_db()
    assert build.state == "failed"
    return build


def again(build: Build, by: Principal = BY) -> Build:
    return rebuild(by=by, project=build.project, build_id=build.pk)


def refused(build: Build, by: Principal = BY) -> str:
    with pytest.raises(Problem) as problem:
        again(build, by)
    return problem.value.explanation.reason


def test_a_failed_build_is_built_again_and_goes_live(failed: Build) -> None:
    second = again(failed)
    second.refresh_from_db()
    assert (second.commit, second.branch, second.plan) == (failed.commit, failed.branch, failed.plan)
    assert (second.archive_path, second.archive_sha256) == (failed.archive_path, failed.archive_sha256)
    assert second.again_of == failed
    assert queue_position(second) == 1
    assert lines_of(second.stream_id)[:3] == [
        f"Build {second.pk}: commit {failed.commit[:7]} of main",
        f"The same commit again: build {failed.pk} of it failed.",
        "Python, from requirements.txt",
    ]
    work()
    assert live_number(failed.project) == 1
    assert Release.objects.get(project=failed.project).build == second
    failed.refresh_from_db()
    assert (failed.state, failed.stream.state) == ("failed", "failed")
    entry = AuditEntry.objects.get(action="rebuild")
    assert entry.detail == {"build": second.pk, "again_of": failed.pk, "commit": failed.commit}


def test_a_cancelled_build_is_built_again(project: Project) -> None:
    build = push(project)
    cancel_build(by=BY, project=project, build_id=build.pk)
    build.refresh_from_db()
    second = again(build)
    assert f"The same commit again: build {build.pk} of it was cancelled." in lines_of(second.stream_id)


def test_a_build_that_the_platform_gave_up_is_built_again(project: Project, cluster: ScriptedCluster) -> None:
    cluster.build_outcomes += [BuildOutcome("lost", explanation=WHY, node_lost=True)] * MOST_NODES
    build = push(project)
    work()
    build.refresh_from_db()
    assert (build.state, build.attempt) == ("failed", MOST_NODES)
    second = again(build)
    assert (second.attempt, second.failures) == (1, 0)
    work()
    assert live_number(project) == 1


def test_a_newer_push_takes_the_place_of_a_build_that_is_tried_again(failed: Build) -> None:
    second = again(failed)
    newer = push(failed.project)
    second.refresh_from_db()
    assert (second.state, second.stream.state) == ("superseded", "superseded")
    work()
    assert Release.objects.get(project=failed.project, state="live").build == newer


def test_asked_twice_at_once_it_is_built_once(failed: Build) -> None:
    results = at_once(lambda: again(failed), lambda: again(failed))
    reasons = [each.explanation.reason for each in results if isinstance(each, Problem)]
    assert reasons == ["newer-build"]
    assert failed.rebuilds.count() == 1


def test_what_cannot_be_built_again_says_why(failed: Build, cluster: ScriptedCluster) -> None:
    project = failed.project
    waiting = push(project)
    assert refused(waiting) == "not-ended"
    assert refused(failed) == "newer-build"
    newest = push(project)
    waiting.refresh_from_db()
    assert refused(waiting) == "newer-build"
    work()
    newest.refresh_from_db()
    assert refused(newest) == "image-there"
    assert refused(waiting) == "newer-push"
    Build.objects.filter(pk=failed.pk).update(source_kept=False)
    failed.refresh_from_db()
    assert refused(failed) == "source-gone"
    assert not Build.objects.exclude(again_of=None).exists()


def test_only_who_may_deploy_builds_again_and_only_what_is_theirs(failed: Build) -> None:
    club = failed.project.club.slug
    reader = Principal("key:reader", club, None, frozenset({"read"}))
    with pytest.raises(Problem) as problem:
        again(failed, reader)
    assert problem.value.status == 403
    with pytest.raises(Problem) as problem:
        rebuild(by=BY, project=some_project("other"), build_id=failed.pk)
    assert problem.value.status == 404


def test_a_build_is_tried_again_on_its_page(failed: Build) -> None:
    project = failed.project
    member = visit(project.club, "member")
    page = text(member, project, f"/builds/{failed.pk}")
    assert "Build again" in page
    status, where = post(member, project, f"/builds/{failed.pk}/rebuild")
    second = Build.objects.get(again_of=failed)
    assert (status, where) == (302, at(project, f"/builds/{second.pk}"))
    assert "Tries again" in text(member, project, f"/builds/{second.pk}")
    old = text(member, project, f"/builds/{failed.pk}")
    assert "Built again:" in old
    assert at(project, f"/builds/{second.pk}") in old
    assert f"/builds/{failed.pk}/rebuild" not in old
    newer = f"Build {second.pk} of this project is newer, and it is queued."
    assert newer in old
    status, page = post(member, project, f"/builds/{failed.pk}/rebuild")
    assert status == 409
    assert newer in page
    assert "built again" in text(member, project)


def test_a_build_is_tried_again_through_the_api(failed: Build) -> None:
    project = failed.project
    api = Api(key_for(project, "deploy"))
    path = f"/clubs/{project.club.slug}/projects/{project.slug}/builds/{failed.pk}/rebuild"
    status, answer = api.call("POST", path)
    assert status == 202
    assert answer | {"state": "queued", "again_of": failed.pk, "queue_position": 1} == answer
    assert answer["stream"] == Build.objects.get(pk=answer["number"]).stream_id
    status, answer = api.call("POST", path)
    assert (status, answer["error"]) == (409, ANY)
    assert answer["error"]["reason"] == "newer-build"
    assert Api(key_for(project, "read")).call("POST", path)[0] == 403
