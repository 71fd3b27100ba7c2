"""The pages of a project, as each person sees them, and what their forms do."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from portal.accounts.models import AuditEntry
from portal.builds import log
from portal.builds.models import Build, StreamState
from portal.fleet.models import InterruptedPod, Interruption
from portal.probing.models import Transition
from portal.projects.actions import set_config
from portal.projects.models import Project
from portal.projects.selectors import config
from portal.releases.models import Release

from deployer.build import BuildOutcome
from deployer.rollout import RolloutOutcome
from deployer.source.snapshot import WebSettings
from tests.integration.portal.scene import BY, WHY, ScriptedCluster, live_number, push, some_project, work
from tests.integration.portal.visitors import visit

PAGES = ("", "/builds", "/releases", "/config", "/network", "/settings")


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    return some_project()


@pytest.fixture
def live(project: Project) -> Project:
    push(project)
    work()
    assert live_number(project) == 1
    return project


def at(project: Project, path: str = "") -> str:
    return f"/clubs/{project.club.slug}/{project.slug}{path}"


def text(client: Client, project: Project, path: str = "") -> str:
    answer = client.get(at(project, path))
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def post(client: Client, project: Project, path: str, **fields: str) -> tuple[int, str]:
    answer = client.post(at(project, path), fields)
    return answer.status_code, answer.content.decode() or answer.headers.get("Location", "")


@pytest.mark.parametrize("role", ["member", "maintainer", "owner", "operator"])
def test_everybody_of_the_club_sees_every_page_of_an_empty_and_of_a_live_project(
    project: Project, role: str
) -> None:
    client = visit(project.club, role)
    for page in PAGES:
        text(client, project, page)
    push(project)
    work()
    for page in (*PAGES, "/releases/1", f"/builds/{Build.objects.get().pk}"):
        text(client, project, page)


def test_each_page_says_where_it_is(live: Project) -> None:
    client = visit(live.club)
    build = Build.objects.get(project=live)
    for path, places in (
        ("", ["Club", "site"]),
        ("/builds", ["Club", "site", "Builds"]),
        ("/network", ["Club", "site", "Address"]),
        (f"/builds/{build.pk}", ["Club", "site", "Builds", str(build.pk)]),
        ("/releases/1/rollback", ["Club", "site", "Releases", "Roll back"]),
    ):
        page = text(client, live, path)
        (crumbs,) = re.findall(r'<nav class="crumbs".*?</nav>', page, re.DOTALL)
        assert re.findall(r">([^<>]*\w[^<>]*)</(?:a|span)>", crumbs) == places
        assert f'aria-current="page">{places[-1]}<' in crumbs
        here = places[2] if len(places) > 2 else "Overview"
        assert f'aria-current="page">{here}</a>' in page


def test_strangers_see_nothing(live: Project) -> None:
    stranger = visit(some_project().club, "owner")
    build = Build.objects.get(project=live)
    for page in (*PAGES, "/releases/1", f"/builds/{build.pk}", f"/streams/{build.stream_id}/log.txt"):
        assert stranger.get(at(live, page)).status_code == 404, page
        assert Client().get(at(live, page)).status_code == 302, page


def test_a_log_of_another_project_is_not_shown(live: Project) -> None:
    other = some_project("other")
    build = push(other)
    client = visit(live.club)
    assert client.get(at(live, f"/streams/{build.stream_id}/log.txt")).status_code == 404
    assert client.get(at(live, f"/builds/{build.pk}")).status_code == 404


def test_the_first_page_has_the_commands_with_this_project_s_values(project: Project) -> None:
    page = text(visit(project.club), project)
    name = f"{project.club.slug}/{project.slug}"
    assert f"git remote add madang http://git.madang.localhost:8000/{name}.git" in page
    assert (
        "git config --global --replace-all credential.http://git.madang.localhost:8000.helper store" in page
    )
    assert f"madang project link {name}" in page
    assert 'data-state="empty"' in page


def test_a_failed_push_says_what_shows_it_and_what_to_do(project: Project, cluster: ScriptedCluster) -> None:
    cluster.build_outcomes.append(BuildOutcome("failed", explanation=WHY))
    build = push(project)
    work()
    for page in ("", f"/builds/{build.pk}"):
        shown = text(visit(project.club), project, page)
        assert all(words in shown for words in (WHY.what, WHY.evidence, WHY.next)), page
    assert 'data-state="failed"' in text(visit(project.club), project)


def test_what_was_live_stays_live_when_the_next_push_fails(live: Project, cluster: ScriptedCluster) -> None:
    cluster.rollout_outcomes.append(RolloutOutcome("failed", WHY))
    push(live)
    work()
    shown = text(visit(live.club), live)
    assert 'data-state="live"' in shown
    assert "nothing of it is online" in shown
    assert WHY.what in shown


def test_lines_of_a_log_and_names_are_never_html(live: Project) -> None:
    build = push(live)
    log.say(build.stream_id, "<script>alert(1)</script> \x1b[31mred & bold\x1b[0m", kind="build")
    Build.objects.filter(pk=build.pk).update(branch="<img src=x>")
    shown = text(visit(live.club), live, f"/builds/{build.pk}")
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert '<span class="ansi-red">red &amp; bold</span>' in shown
    assert "<img src=x>" not in shown


def test_the_dockerfile_that_madang_wrote_is_shown_and_a_students_own_is_not(live: Project) -> None:
    written = push(live, dockerfile="FROM python:3.12-slim\nRUN echo '<b>'\n")
    shown = text(visit(live.club), live, f"/builds/{written.pk}")
    assert "FROM python:3.12-slim\nRUN echo &#x27;&lt;b&gt;&#x27;\n</pre>" in shown
    own = push(live)
    assert "The Dockerfile that" not in text(visit(live.club), live, f"/builds/{own.pk}")


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous")
def test_a_log_is_a_file_without_colours(live: Project) -> None:
    build = push(live)
    log.say(build.stream_id, "\x1b[1;32mdone\x1b[0m", kind="build")
    answer = visit(live.club).get(at(live, f"/streams/{build.stream_id}/log.txt"))
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = b"".join(list(answer)).decode().splitlines()  # type: ignore[call-overload]
    assert lines[-1].endswith("Z done")


def test_a_waiting_build_is_cancelled_once(live: Project) -> None:
    build = push(live)
    client = visit(live.club)
    assert "Number 1 in the queue." in text(client, live, f"/builds/{build.pk}")
    status, _ = post(client, live, f"/builds/{build.pk}/cancel")
    assert status == 302
    status, page = post(client, live, f"/builds/{build.pk}/cancel")
    assert status == 409
    assert "ended already" in page


def test_an_old_build_is_deployed_again_with_the_variables_of_now(live: Project) -> None:
    first = Build.objects.get(project=live)
    push(live)
    work()
    set_config(by=BY, project=live, set={"COLOUR": "green"})
    work()
    status, where = post(visit(live.club), live, f"/builds/{first.pk}/redeploy")
    assert (status, where) == (302, at(live, "/releases/4"))
    work()
    made = Release.objects.get(project=live, number=4)
    assert (made.build_id, made.state) == (first.pk, "live")
    assert AuditEntry.objects.filter(action="redeploy", actor__startswith="person:").count() == 1


def test_a_build_without_an_image_is_not_deployed_again(live: Project, cluster: ScriptedCluster) -> None:
    cluster.build_outcomes.append(BuildOutcome("failed", explanation=WHY))
    build = push(live)
    work()
    client = visit(live.club)
    assert f"/builds/{build.pk}/redeploy" not in text(client, live, f"/builds/{build.pk}")
    status, page = post(client, live, f"/builds/{build.pk}/redeploy")
    assert status == 409
    assert "made no image" in page


def test_a_rollback_is_looked_at_before_it_is_made(live: Project) -> None:
    set_config(by=BY, project=live, set={"TOKEN": "a-secret-value", "MODE": "one"})
    work()
    set_config(by=BY, project=live, set={"MODE": "two-is-secret"})
    work()
    client = visit(live.club)
    shown = text(client, live, "/releases/1/rollback")
    assert re.search(r"−</span> <code>TOKEN</code>", shown)
    assert "a-secret-value" not in shown and "two-is-secret" not in shown
    shown = text(client, live, "/releases/2/rollback")
    assert re.search(r"~</span> <code>MODE</code>", shown)
    status, where = post(client, live, "/releases/1/rollback")
    assert (status, where) == (302, at(live, "/releases/4"))
    work()
    assert config(live) == {}
    shown = text(client, live, "/releases/4/rollback")
    assert "cannot be rolled back to" in shown
    assert f'href="{at(live, "/releases")}">Choose another release' in shown


def test_a_page_of_a_deploy_gives_its_head_alone_to_htmx(live: Project) -> None:
    build = Build.objects.get(project=live)
    client = visit(live.club)
    for page in (f"/builds/{build.pk}", "/releases/1", "?part=standing", "?part=stream"):
        answer = client.get(at(live, page), headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert "<html" not in answer.content.decode()


def test_a_page_of_a_deploy_is_fetched_anew_until_nothing_of_it_changes_any_more(
    live: Project, cluster: ScriptedCluster
) -> None:
    client = visit(live.club)
    first = Build.objects.get(project=live)

    def is_fetched(path: str, id: str) -> bool:
        part = client.get(at(live, path), headers={"HX-Request": "true"}).content.decode()
        (head,) = re.findall(rf'<div id="{id}"[^>]*>', part)
        assert head in text(client, live, path)
        return f'hx-get="{at(live, path)}" hx-trigger="log-ended from:body, every 5s"' in head

    assert not is_fetched(f"/builds/{first.pk}", "build")
    build = push(live)
    assert is_fetched(f"/builds/{build.pk}", "build")
    # It is built, and its release is on its way.
    Build.objects.filter(pk=build.pk).update(state="succeeded", finished_at=timezone.now())
    assert is_fetched(f"/builds/{build.pk}", "build")
    log.end(build.stream_id, StreamState.SUCCEEDED)
    assert not is_fetched(f"/builds/{build.pk}", "build")
    post(client, live, f"/builds/{first.pk}/redeploy")
    assert is_fetched("/releases/2", "release")
    assert not is_fetched("/releases/1", "release")
    work()
    assert not is_fetched("/releases/2", "release")


def test_size_is_changed_at_once_as_a_release(live: Project) -> None:
    client = visit(live.club)
    status, where = post(client, live, "/settings/scale", replicas="2", memory="128", cpu="100")
    assert (status, where) == (302, at(live, "/releases/2"))
    work()
    made = Release.objects.get(project=live, number=2)
    assert (made.replicas, made.memory_bytes, made.cpu_millicores, made.state) == (2, 128 << 20, 100, "live")
    shown = text(client, live, "/releases/2")
    assert "2 × 128 MiB, 0.1 cores" in shown
    assert "CPU: 0.25 cores → 0.1 cores" in shown
    status, _ = post(client, live, "/settings/scale", replicas="2", memory="128", cpu="100")
    assert status == 302
    assert Release.objects.filter(project=live).count() == 2


def test_a_size_beyond_the_budget_is_refused_and_what_was_typed_stays(live: Project) -> None:
    status, page = post(visit(live.club), live, "/settings/scale", replicas="9", memory="4096", cpu="100")
    assert status == 409
    assert "budget" in page
    assert 'value="4096"' in page
    assert Release.objects.filter(project=live).count() == 1


@pytest.mark.parametrize("field", ["replicas", "memory", "cpu"])
def test_a_size_that_no_project_may_have_is_said_at_its_field(live: Project, field: str) -> None:
    good = {"replicas": "1", "memory": "128", "cpu": "100"}
    status, page = post(visit(live.club), live, "/settings/scale", **good | {field: "0"})
    assert status == 422
    assert f'id="id_{field}_error"' in page


def test_what_madang_yaml_sets_is_not_changed_on_the_page(project: Project) -> None:
    push(project, web=WebSettings(replicas=2))
    work()
    client = visit(project.club)
    assert "web.replicas" in text(client, project, "/settings")
    status, _ = post(client, project, "/settings/scale", replicas="5", memory="128", cpu="250")
    assert status == 302
    work()
    made = Release.objects.get(project=project, number=2)
    assert (made.replicas, made.memory_bytes) == (2, 128 << 20)


def test_a_restart_is_a_release_of_the_same_build_and_config(live: Project) -> None:
    client = visit(live.club)
    status, where = post(client, live, "/settings/restart")
    assert (status, where) == (302, at(live, "/releases/2"))
    work()
    one, two = Release.objects.filter(project=live).order_by("number")
    assert (one.build_id, one.digest, two.state) == (two.build_id, two.digest, "live")
    assert "restarted the project" in text(client, live)


def test_nothing_is_restarted_where_nothing_runs(project: Project) -> None:
    status, page = post(visit(project.club), project, "/settings/restart")
    assert status == 409
    assert "Nothing of this project runs" in page


@pytest.mark.parametrize("branch", ["release/2026", "master", "feature_1.2"])
def test_another_branch_deploys(project: Project, branch: str) -> None:
    status, _ = post(visit(project.club, "maintainer"), project, "/settings/branch", branch=branch)
    assert status == 302
    project.refresh_from_db()
    assert project.deploy_branch == branch


@pytest.mark.parametrize("branch", ["-x", "a..b", "a b", "a.lock", "/a", "a/", "a~1", "a//b", ""])
def test_what_is_no_branch_is_refused_at_the_field(project: Project, branch: str) -> None:
    status, page = post(visit(project.club, "maintainer"), project, "/settings/branch", branch=branch)
    assert status == 422
    assert 'id="id_branch_error"' in page


def test_an_address_is_changed_and_rolled_out(live: Project, cluster: ScriptedCluster) -> None:
    client = visit(live.club, "maintainer")
    name = f"new-{live.club.slug}"
    status, where = post(client, live, "/network/address", subdomain=name)
    assert (status, where) == (302, at(live, "/releases/2"))
    work()
    assert cluster.applied[live.club.slug, live.slug].hostname == f"{name}.madang.localhost"
    assert f"http://{name}.madang.localhost:8000" in text(client, live, "/network")


def test_an_address_that_is_taken_reserved_or_bad_is_refused_at_the_field(live: Project) -> None:
    other = some_project("other")
    client = visit(live.club, "maintainer")
    for name, status in ((other.subdomain, 409), ("admin", 422), ("Bad_Name", 422), ("xn--a", 422)):
        got, page = post(client, live, "/network/address", subdomain=name)
        assert got == status, name
        assert 'id="id_subdomain_error"' in page
    live.refresh_from_db()
    assert live.subdomain not in {other.subdomain, "admin"}


def test_a_project_is_deleted_by_who_types_its_name(live: Project) -> None:
    client = visit(live.club, "owner")
    status, page = post(client, live, "/settings/delete", typed="sit")
    assert status == 422
    assert "Type the name exactly" in page
    status, _ = post(client, live, "/settings/delete", typed=live.slug)
    assert status == 302
    assert client.get(at(live)).status_code == 404


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/config/reveal", {"name": "A"}),
        ("/network/address", {"subdomain": "elsewhere"}),
        ("/settings/branch", {"branch": "dev"}),
        ("/settings/delete", {"typed": "site"}),
    ],
)
def test_what_maintainers_do_is_not_for_members(live: Project, path: str, fields: dict[str, str]) -> None:
    set_config(by=BY, project=live, set={"A": "b"})
    status, _ = post(visit(live.club), live, path, **fields)
    assert status == 403
    live.refresh_from_db()
    assert (live.deploy_branch, live.deleted_at) == ("main", None)


def test_what_happened_tells_of_moves_answers_and_deeds(live: Project) -> None:
    now = timezone.now()
    interruption = Interruption.objects.create(
        id="i-1",
        revision=1,
        received_at=now,
        state="gone",
        node="spot-7",
        instance_id="i",
        kind="spot",
        sources=[],
        noticed_at=now,
    )
    for number, gap in enumerate((0.0, 1.5)):
        InterruptedPod.objects.create(
            interruption=interruption,
            namespace=f"club-{live.club.slug}",
            name=f"site-{number}",
            uid=str(number),
            club=live.club.slug,
            project=live.slug,
            way="handoff",
            state="retired",
            gap_seconds=gap,
        )
    Transition.objects.create(project=live, at=now, ok=False, reason="app-error", detail={"status": 500})
    client = visit(live.club, "maintainer")
    post(client, live, "/settings/branch", branch="trunk")
    shown = text(client, live)
    assert "The machine spot-7 was taken away; 2 copies moved" in shown
    assert "No copy answered for 1.5 s." in shown
    assert "The address ceased to answer" in shown
    assert "chose the branch trunk for deploys" in shown
    assert "made the project" in shown


def test_a_page_costs_no_more_queries_as_its_history_grows(live: Project) -> None:
    client = visit(live.club)
    with CaptureQueriesContext(connection) as few:
        text(client, live)
    for _ in range(4):
        push(live)
        work()
    with CaptureQueriesContext(connection) as many:
        text(client, live)
    assert len(many) <= len(few)
