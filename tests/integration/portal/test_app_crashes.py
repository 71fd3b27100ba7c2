"""How copies crashed is kept, with their last lines and without secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.utils import timezone
from portal.projects import crashes
from portal.projects.actions import set_config
from portal.projects.models import Crash, Project

from deployer.rollout.apps import Ending
from tests.integration.portal.scene import BY, ScriptedCluster, push, some_project, work
from tests.integration.portal.visitors import visit


@dataclass
class Apps:
    """What the cluster says of all apps; `asked` are the pods whose lines were read."""

    found: list[Ending] = field(default_factory=list)
    lines: list[str] = field(default_factory=lambda: ["Traceback", "ValueError: <b>no</b>"])
    asked: list[str] = field(default_factory=list)

    def endings(self) -> list[Ending]:
        return self.found

    def last_words(self, ending: Ending, lines: int) -> list[str]:
        self.asked.append(ending.pod)
        return self.lines


@pytest.fixture
def apps(cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch) -> Apps:
    found = Apps()
    monkeypatch.setattr("portal.cluster.apps", lambda: found)
    return found


def ending(project: Project, restarts: int = 1, pod: str = "site-1-a", reason: str = "Error") -> Ending:
    at = timezone.now() - timedelta(minutes=10 - restarts)
    return Ending(project.club.slug, project.slug, 1, pod, f"uid-{pod}", restarts, at, 3, reason)


def test_each_end_is_kept_once_with_its_last_lines(apps: Apps) -> None:
    project = some_project()
    apps.found = [ending(project)]
    assert (crashes.look(), crashes.look()) == (1, 0)
    apps.found = [ending(project, 2), ending(project, 1, pod="site-1-b")]
    assert crashes.look() == 2
    assert apps.asked == ["site-1-a", "site-1-a", "site-1-b"]
    newest = crashes.crashes_of(project, 5)[0]
    assert (newest.restarts, newest.exit_code, newest.release) == (2, 3, 1)
    assert newest.log == "Traceback\nValueError: <b>no</b>"


def test_a_secret_in_the_last_lines_is_hidden(apps: Apps) -> None:
    project = some_project()
    set_config(by=BY, project=project, set={"TOKEN": "a-very-secret-value"})
    apps.found, apps.lines = [ending(project)], ["refused: a-very-secret-value"]
    crashes.look()
    assert Crash.objects.get().log == "refused: [hidden]"


def test_a_project_that_is_gone_keeps_nothing(apps: Apps) -> None:
    project = some_project()
    apps.found = [ending(project)]
    Project.objects.filter(pk=project.pk).update(deleted_at=timezone.now())
    assert crashes.look() == 0


def test_one_that_crashes_all_the_time_keeps_the_newest(apps: Apps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crashes, "KEPT_OF_A_PROJECT", 3)
    project = some_project()
    for number in range(1, 7):
        apps.found = [ending(project, number)]
        crashes.look()
    crashes.forget()
    assert [crash.restarts for crash in crashes.crashes_of(project, 10)] == [6, 5, 4]
    Crash.objects.filter(restarts=6).update(at=timezone.now() - timedelta(days=31))
    crashes.forget()
    assert [crash.restarts for crash in crashes.crashes_of(project, 10)] == [5, 4]


def test_the_page_shows_the_last_crash_as_text(apps: Apps) -> None:
    project = some_project()
    push(project)
    work()
    client = visit(project.club)
    where = f"/clubs/{project.club.slug}/{project.slug}/logs"
    assert "No copy has crashed" in client.get(where).content.decode()
    apps.found = [ending(project)]
    apps.lines = ["\x1b[31mValueError: <b>no</b>"]
    crashes.look()
    page = client.get(where).content.decode()
    assert "Ended with exit code 3" in page
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in page
    assert "\x1b" not in page
