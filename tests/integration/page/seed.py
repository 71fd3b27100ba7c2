"""What the looked-at pages show: clubs with no project and with sixty, long names, what runs and what failed.

Pushes, builds and rollouts go the platform's own way, over a cluster that follows a script.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from unittest.mock import patch

from allauth.account.models import EmailAddress
from portal import cluster as the_cluster
from portal.accounts.models import User
from portal.clubs.actions import create_club, set_budget
from portal.clubs.budget import Share
from portal.clubs.models import Club, Membership
from portal.projects.actions import create_project
from portal.projects.models import Project

from deployer.build import BuildOutcome
from deployer.build.advice import hint
from deployer.errors import Explanation
from deployer.rollout import RolloutOrder, RolloutOutcome
from deployer.rollout.failure import silent
from deployer.sentence import Sentence
from tests.integration.portal.scene import BY, ScriptedCluster, at, push, work

# Role: user name and name. The first four in "robotics"; the stranger belongs to another club.
PEOPLE = {
    "owner": ("seoyeon", "김서연"),
    "maintainer": ("alexander", "Alexander Maximilian Featherstonehaugh-Montgomery"),
    "member": ("jiho", "박지호"),
    "operator": ("operator", "운영자"),
    "stranger": ("stranger", "이하늘"),
    "newcomer": ("newcomer", "새내기"),
}
LONG_KOREAN = "대한민국 청소년 인공지능 로봇 및 임베디드 소프트웨어 개발 연합 동아리 서울특별시 강남서초지부"
LONG_ENGLISH = "The Interdisciplinary Robotics, Embedded Systems and Computational Photography Association"
NOT_LISTENING = silent(
    RolloutOrder("robotics", "site", 1, "image", "site.localhost", "http://site.localhost"),
    seconds=60,
    log=[" * Running on http://127.0.0.1:5000", "Press CTRL+C to quit"],
    probe="",
)
BUILD_FAILED = Explanation(
    "step-failed",
    Sentence(
        "Your build stopped: {ended} ({file} line {line}).",
        ended=Sentence(
            "the step `{step}` ended with exit code {code}", step="pip install -r requirements.txt", code=1
        ),
        file="Dockerfile",
        line=8,
    ),
    "ERROR: No matching distribution found for flaskk==3.0.0",
    hint("ERROR: No matching distribution found for flaskk==3.0.0"),
)


@dataclass
class Scene:
    """`projects` by "club/project"."""

    people: dict[str, User]
    clubs: dict[str, Club]
    projects: dict[str, Project] = field(default_factory=dict)
    cluster: ScriptedCluster = field(default_factory=ScriptedCluster)

    @classmethod
    def seeded(cls) -> Scene:
        scene = cls(_people(), _clubs())
        _memberships(scene)
        scene.running(lambda: _projects(scene))
        return scene

    def running(self, work: Callable[[], object]) -> None:
        """Does the work while the portal's cluster is the scripted one."""
        with (
            patch.object(the_cluster, "builder", self.cluster.builder),
            patch.object(the_cluster, "rollouts", self.cluster.rollouts),
        ):
            work()

    def project(self, club: str, slug: str) -> Project:
        return self.projects[f"{club}/{slug}"]


def _people() -> dict[str, User]:
    made = {}
    for role, (username, name) in PEOPLE.items():
        user = User.objects.create_user(
            username, f"{username}@school.example", "a password for tests", first_name=name
        )
        if role == "operator":
            user.is_superuser = True
            user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        made[role] = user
    return made


def _clubs() -> dict[str, Club]:
    names = {
        "robotics": LONG_KOREAN,
        "photography": LONG_ENGLISH,
        "chess": "체스부",
        "empty": "아직 아무것도 없는 동아리",
    }
    return {slug: create_club(by=BY, slug=slug, name=name) for slug, name in names.items()}


def _memberships(scene: Scene) -> None:
    for role in ("owner", "maintainer", "member"):
        Membership.objects.create(club=scene.clubs["robotics"], user=scene.people[role], role=role)
    for club in ("photography", "empty"):
        Membership.objects.create(club=scene.clubs[club], user=scene.people["owner"], role="owner")
    Membership.objects.create(club=scene.clubs["chess"], user=scene.people["stranger"], role="owner")
    photography = scene.clubs["photography"]
    set_budget(by=BY, club=photography, budget=Share(64 << 30, 64_000, 200))
    Club.objects.filter(pk=photography.pk).update(max_projects=100, builds=4)
    photography.refresh_from_db()


def _projects(scene: Scene) -> None:
    """Of robotics: one live, one that failed to start, one that failed to build, one never pushed."""
    for slug in ("shop", "not-listening", "broken-build", "never-pushed-with-quite-a-long-name"):
        scene.projects[f"robotics/{slug}"] = create_project(by=BY, club=scene.clubs["robotics"], slug=slug)
    shop = scene.project("robotics", "shop")
    for _ in range(3):
        scene.cluster.lines = [_line(0, "#1 Preparing"), _line(1, "#2 pip install <script>alert(1)</script>")]
        push(shop)
        work()
    scene.cluster.rollout_outcomes.append(RolloutOutcome("failed", NOT_LISTENING))
    push(scene.project("robotics", "not-listening"))
    work()
    scene.cluster.build_outcomes.append(BuildOutcome("failed", None, BUILD_FAILED))
    push(scene.project("robotics", "broken-build"))
    work()
    for number in range(1, 61):
        slug = f"album-{number:02}"
        scene.projects[f"photography/{slug}"] = create_project(
            by=BY, club=scene.clubs["photography"], slug=slug
        )
    for number in (1, 2, 3):
        push(scene.project("photography", f"album-{number:02}"))
    work()


def _line(seconds: float, text: str) -> object:
    from deployer.build import LogLine

    return LogLine(at(seconds), "build", text)
