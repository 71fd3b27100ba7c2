from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page
from portal.builds import log
from portal.builds.models import Build
from portal.fleet.models import InterruptedPod, Interruption
from portal.metrics.models import Sample
from portal.metrics.steps import FINE, MIDDLE, floor
from portal.projects.actions import create_project, set_config
from portal.projects.models import Crash, Project
from portal.releases.models import Release

from deployer.source.snapshot import WebSettings
from tests.integration.page.registered import Registered
from tests.integration.page.seed import Scene
from tests.integration.portal.scene import BY, push, work

NEW = "first-push-of-a-project-with-a-long-name"
_COLOURS = (
    "\x1b[1m=> [build 3/5] RUN pip install -r requirements.txt\x1b[0m",
    "\x1b[32mCollecting flask==3.0.0\x1b[0m",
    "\x1b[33mWARNING: Running pip as the 'root' user can result in broken permissions\x1b[0m",
    "\x1b[31mERROR: <b>not bold</b> " + "a-very-long-word-that-does-not-end-" * 8 + "\x1b[0m",
    "한국어 로그도 잘 보여요: 의존성 설치 완료",
)


def seed(scene: Scene) -> None:
    """The shop gets variables, a crash, an interruption and measurements; one project waits, one is built."""
    shop = scene.project("robotics", "shop")
    scene.running(lambda: _change(shop))
    _crash(shop)
    _interruption(shop)
    _measure(shop)
    club = scene.clubs["robotics"]
    for slug in ("being-built", "waiting", NEW):
        scene.projects[f"robotics/{slug}"] = create_project(by=BY, club=club, slug=slug)
    built = push(scene.project("robotics", "being-built"))
    Build.objects.filter(pk=built.pk).update(
        state="running", started_at=timezone.now() - timedelta(seconds=75)
    )
    log.say(built.stream_id, *_COLOURS, kind="build")
    push(scene.project("robotics", "waiting"))


def _change(shop: Project) -> None:
    set_config(
        by=BY, project=shop, set={"SECRET_KEY": "a-secret-of-the-shop", "DATABASE_URL": "postgres://…"}
    )
    work()
    push(shop, web=WebSettings(replicas=2, health="/health"))
    work()


def _crash(shop: Project) -> None:
    lines = [f'  File "/app/app.py", line {number}, in handler' for number in range(10, 40)]
    Crash.objects.create(
        project=shop,
        release=3,
        pod="shop-7d9c5b6f4-x2x9k",
        pod_uid="a",
        restarts=1,
        at=timezone.now() - timedelta(hours=3),
        exit_code=1,
        reason="Error",
        log="\n".join(["Traceback (most recent call last):", *lines, "ValueError: no such dish"]),
    )


def _interruption(shop: Project) -> None:
    at = timezone.now()
    interruption = Interruption.objects.create(
        id="i-of-the-shop",
        revision=1,
        received_at=at,
        state="gone",
        node="spot-2",
        instance_id="i-0abc",
        kind="spot-interruption",
        sources=["imds"],
        noticed_at=at,
    )
    for number in range(2):
        InterruptedPod.objects.create(
            interruption=interruption,
            namespace="club-robotics",
            name=f"shop-{number}",
            uid=f"u{number}",
            club="robotics",
            project="shop",
            way="handoff",
            state="retired",
            gap_seconds=0.0,
        )


def _measure(shop: Project) -> None:
    now = timezone.now()
    for step, count in ((FINE, 110), (MIDDLE, 280)):
        Sample.objects.bulk_create(
            Sample(
                project=shop,
                step_seconds=step,
                at=floor(now, step) - timedelta(seconds=step * number),
                copies=2,
                cpu_millicores=60 + 40 * (number % 17) / 17,
                memory_bytes=(150 + number % 23) << 20,
                memory_peak_bytes=(170 + number % 29) << 20,
                requests=number * 7 % 60,
                errors=int(number % 31 == 0),
            )
            for number in range(count)
            if number not in range(40, 48)
        )


def _of(slug: str) -> dict[str, str]:
    return {"club": "robotics", "project": slug}


def _build(slug: str) -> Callable[[Scene], dict[str, Any]]:
    def kwargs(scene: Scene) -> dict[str, Any]:
        build = Build.objects.filter(project=scene.project("robotics", slug)).latest("pk")
        return {**_of(slug), "number": build.pk}

    return kwargs


def _release(slug: str, place: int) -> Callable[[Scene], dict[str, Any]]:
    def kwargs(scene: Scene) -> dict[str, Any]:
        found = Release.objects.filter(project=scene.project("robotics", slug)).order_by("number")
        return {**_of(slug), "number": found[place].number}

    return kwargs


def send_bad_variables(page: Page) -> None:
    page.locator("#id_new-0-name").fill("1ABC")
    page.locator("#id_new-0-value").fill("abc")
    page.locator("main form button.btn-primary").last.click()
    page.wait_for_selector("#id_new-0-name_error")


def reveal(page: Page) -> None:
    page.locator("button[form=reveal-1]").click()
    page.wait_for_selector("pre.evidence")


def open_log(page: Page) -> None:
    page.locator("#stream summary").click()


def search(page: Page) -> None:
    page.locator("input[type=search]").fill("flask")
    page.wait_for_selector(".log-here")


def scale_too_far(page: Page) -> None:
    page.locator("#id_memory").fill("60000")
    page.locator("#id_memory").press("Enter")
    page.wait_for_selector("[role=alert]")


def bad_address(page: Page) -> None:
    page.locator("#id_subdomain").fill("admin")
    page.locator("#id_subdomain").press("Enter")
    page.wait_for_selector("#id_subdomain_error")


PAGES = [
    Registered("project-home", _of("shop"), who="member", name="live", before=open_log),
    Registered("project-home", _of(NEW), who="member", name="first-push"),
    Registered("project-home", _of("not-listening"), who="member", name="failed"),
    Registered("project-home", _of("being-built"), who="member", name="deploying"),
    Registered("project-home", _of("waiting"), who="member", name="waiting"),
    Registered("project-builds", _of("shop"), who="member"),
    Registered("project-builds", _of(NEW), who="member", name="none"),
    Registered("project-build", _build("being-built"), who="member", name="running", before=search),
    Registered("project-build", _build("waiting"), who="member", name="waiting"),
    Registered("project-build", _build("broken-build"), who="member", name="failed"),
    Registered("project-releases", _of("shop"), who="member"),
    Registered("project-releases", _of(NEW), who="member", name="none"),
    Registered("project-release", _release("shop", 3), who="member"),
    Registered("project-release", _release("not-listening", 0), who="member", name="failed"),
    Registered("project-rollback", _release("shop", 1), who="member"),
    Registered("project-config", _of("shop"), who="member"),
    Registered("project-config", _of("shop"), who="maintainer", name="revealed", before=reveal),
    Registered("project-config", _of("shop"), who="member", name="refused", before=send_bad_variables),
    Registered("project-logs", _of("not-listening"), who="member", name="nothing-runs"),
    Registered("project-metrics", _of("shop"), who="member"),
    Registered("project-metrics", _of("shop"), who="member", name="day", query="span=day"),
    Registered("project-metrics", _of("broken-build"), who="member", name="none"),
    Registered("project-network", _of("shop"), who="maintainer"),
    Registered("project-network", _of("shop"), who="maintainer", name="refused", before=bad_address),
    Registered("project-settings", _of("shop"), who="maintainer"),
    Registered("project-settings", _of("shop"), who="member", name="refused", before=scale_too_far),
    Registered("project-delete", _of("shop"), who="owner"),
]
