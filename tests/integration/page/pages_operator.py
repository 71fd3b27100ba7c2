from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from django.db.models.functions import Now
from playwright.sync_api import Page
from portal import cluster as the_cluster
from portal.accounts.principal import operator
from portal.builds.models import Build
from portal.drills.models import Drill, DrillProject
from portal.fleet.actions import record
from portal.fleet.models import NodeTime
from portal.fleet.pricing import set_price
from portal.fleet.report import InterruptionReport
from portal.projects.models import Project

from tests.integration.page.registered import Registered
from tests.integration.page.seed import Scene
from tests.integration.portal.operator_scene import ScriptedFleet, doomed, fleet, project_pod
from tests.integration.portal.scene import push
from tests.unit.deployer.test_fleet_read import raw_node, raw_pod
from tests.unit.portal.fleet.reports import pod, report

BY = operator("operator")
GOING = "int-00000000going"


def seed(scene: Scene) -> None:
    """A fleet of which one node goes, interruptions and drills of days, a queue, prices."""
    _fleet()
    _interruptions()
    _drills()
    for club in ("robotics", "photography"):
        for project in list(Project.objects.filter(club__slug=club))[:2]:
            scene.running(lambda project=project: push(project))  # type: ignore[misc]
    Build.objects.filter(state="queued").update(created_at=Now() - timedelta(minutes=20))
    set_price(
        by=BY, instance_type="local.large", spot=Decimal("31"), on_demand=Decimal("98.5"), currency="KRW"
    )
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for kind, seconds in (("spot", 900_000), ("on-demand", 300_000)):
        NodeTime.objects.create(hour=hour, instance_type="local.large", capacity_type=kind, seconds=seconds)


def _fleet() -> None:
    now = datetime.now(UTC)
    going = doomed("spot-1", GOING)
    said = json.loads(going["metadata"]["annotations"]["madang.dev/interruption"])
    said["deadline"] = (now + timedelta(hours=2)).isoformat()
    going["metadata"]["annotations"]["madang.dev/interruption"] = json.dumps(said)
    quiet = raw_node("spot-3")
    quiet["spec"]["taints"] = [{"key": "madang.dev/unheard", "effect": "NoSchedule"}]
    nodes = [
        going,
        raw_node("spot-2"),
        quiet,
        raw_node("ondemand-1", "on-demand"),
        raw_node("ip-10-0-134-217.ap-northeast-2.compute.internal", ready="Unknown"),
    ]
    handed = {"madang.dev/handoff": GOING}
    notes = {"madang.dev/handoff-detached-at": now.isoformat()}
    pods = [
        project_pod("shop-1", "spot-1", "robotics", "shop", labels=handed, annotations=notes),
        project_pod("album-01-1", "spot-1", "photography", "album-01"),
        *(project_pod(f"album-{n:02}-1", "spot-2", "photography", f"album-{n:02}") for n in range(4, 30)),
        project_pod("shop-2", "spot-2", "robotics", "shop", ready="False"),
        raw_pod("spot-agent-1", "spot-1", ownerReferences=[{"kind": "DaemonSet"}]),
        *(
            raw_pod(f"{name}-1", "ondemand-1", labels={"app.kubernetes.io/component": name})
            for name in ("portal", "git", "worker-default", "worker-builds", "beat", "postgres", "redis")
        ),
    ]
    script = ScriptedFleet(fleet(nodes, pods))
    for name in ("look", "version"):
        patch(f"portal.fleet.live.{name}", getattr(script, name)).start()
    patch.object(the_cluster, "read_fleet", lambda: script.fleet).start()


def _tell(**changes: Any) -> None:
    record(InterruptionReport.model_validate_json(json.dumps(report(**changes))))


def _interruptions() -> None:
    begun = datetime.now(UTC) - timedelta(minutes=1)

    def at(seconds: float, since: datetime = begun) -> str:
        return (since + timedelta(seconds=seconds)).isoformat()

    handed = pod(
        "shop-1",
        club="robotics",
        project="shop",
        state="ready",
        detached_at=at(1),
        ready_at=at(8),
        replacement="shop-7c9d",
        replacement_node="spot-2",
    )
    stuck = pod(
        "album-01-1",
        club="photography",
        project="album-01",
        blocked_since=at(2),
        blocked_reason="0/4 nodes are available: 4 Insufficient memory.",
    )
    moving = {"fenced_at": at(0.4), "moving_at": at(0.5), "state": "moving", "deadline": at(7200)}
    _tell(id=GOING, noticed_at=at(0), pods=[handed, stuck], **moving)
    for number in range(8):
        day = begun - timedelta(days=number + 1)
        gap = 1.4 if number == 3 else 0
        moved = pod(
            "a",
            club="robotics",
            project="shop",
            state="retired",
            detached_at=at(0.6, day),
            ready_at=at(7, day),
            unserved_at=at(7.5, day),
            retired_at=at(13, day),
            replacement="shop-x",
            replacement_node="spot-3",
            gap_seconds=gap,
            gap_reason="replacement-late" if gap else None,
        )
        _tell(
            id=f"int-{number:012}",
            node=f"spot-{number % 3 + 1}",
            state="gone",
            noticed_at=at(0, day),
            deadline=at(120, day),
            fenced_at=at(0.4, day),
            moving_at=at(0.5, day),
            clear_at=at(14 + number, day),
            gone_at=at(122, day),
            pods=[moved],
        )


def _drills() -> None:
    for number, failed in enumerate((38, 12, 0, 4)):
        drill = Drill.objects.create(
            node=f"spot-{number % 3 + 1}",
            instance_id=f"i-{number}",
            provider="local",
            created_by="operator:operator",
            state="finished",
            requests=6200,
            failed_requests=failed,
            longest_gap_seconds=failed / 20,
            score=100 * (6200 - failed) / 6200,
            interruption=f"int-{number:012}",
            finished_at=datetime.now(UTC),
        )
        for project, failures in (("shop", failed), ("line-follower", 0)):
            DrillProject.objects.create(
                drill=drill,
                club="robotics",
                project=project,
                hostname=project,
                sole=project == "shop",
                answered_before=True,
                requests=3100,
                failures=failures,
                longest_gap_seconds=failures / 20,
                slowest_seconds=0.31,
                seconds=[[second, 20, failures // 2 if second in (62, 63) else 0] for second in range(155)],
                reasons={"http-503": failures} if failures else {},
            )
    Drill.objects.create(
        node="spot-2",
        instance_id="i-9",
        provider="local",
        created_by="operator:operator",
        state="failed",
        explanation={"reason": "cloud-silent", "what": "", "evidence": "ConnectError: refused", "next": ""},
    )


def refused_price(page: Page) -> None:
    page.locator("#id_instance_type").fill("m7g large")
    for name in ("spot", "on_demand"):
        page.locator(f"#id_{name}").fill("1")
    page.locator("#id_currency").fill("KRW")
    page.locator("#id_currency").press("Enter")
    page.wait_for_selector("[role=alert]")


def ask_to_disable(page: Page) -> None:
    page.locator("button[commandfor=disable][command=show-modal]").click()
    page.wait_for_selector("dialog[open]")


def ask_to_cancel(page: Page) -> None:
    page.locator("button[id^=cancel-][command=show-modal]").first.click()
    page.wait_for_selector("dialog[open]")


def _drill(scene: Scene) -> dict[str, Any]:
    return {"number": Drill.objects.filter(failed_requests__gt=20).values_list("pk", flat=True)[0]}


def _failed_drill(scene: Scene) -> dict[str, Any]:
    return {"number": Drill.objects.filter(state="failed").values_list("pk", flat=True)[0]}


def _owner(scene: Scene) -> dict[str, Any]:
    return {"number": scene.people["owner"].pk}


PAGES = [
    Registered("operator-inbox", who="operator"),
    Registered("operator-fleet", who="operator"),
    Registered("operator-interruptions", who="operator"),
    Registered("operator-interruptions", who="operator", name="nothing-fits", query="node=nowhere"),
    Registered("operator-interruption", {"id": GOING}, who="operator", name="moving"),
    Registered("operator-interruption", {"id": "int-000000000003"}, who="operator", name="gone"),
    Registered("operator-drills", who="operator"),
    Registered("operator-drill-new", who="operator"),
    Registered("operator-drill", _drill, who="operator"),
    Registered("operator-drill", _failed_drill, who="operator", name="failed"),
    Registered("operator-queue", who="operator"),
    Registered("operator-queue", who="operator", name="cancel", before=ask_to_cancel),
    Registered("operator-clubs", who="operator"),
    Registered("operator-club-budget", {"slug": "photography"}, who="operator"),
    Registered("operator-club-suspend", {"slug": "photography"}, who="operator"),
    Registered("operator-people", who="operator"),
    Registered("operator-person", _owner, who="operator"),
    Registered("operator-person", _owner, who="operator", name="disable", before=ask_to_disable),
    Registered("operator-audit", who="operator"),
    Registered("operator-settings", who="operator"),
    Registered("operator-settings", who="operator", name="refused", before=refused_price),
]
