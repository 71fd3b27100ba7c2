"""All that the platform says in a log can be told in Korean, and nothing else is."""

from __future__ import annotations

import re

import pytest
from django.utils.translation import override
from portal.builds.models import LogEntry
from portal.builds.rebuilding import rebuild
from portal.projects.actions import set_config
from portal.projects.addressing import change_subdomain
from portal.projects.models import Project
from portal.releases import actions
from portal.releases.redeploying import redeploy, restart
from portal.releases.resources import Resources
from portal.releases.scaling import scale
from portal.translating import spoken

from deployer.build import BuildOutcome, LogLine
from deployer.errors import Explanation
from deployer.rollout import AppLine, RolloutOutcome
from deployer.sentence import Sentence
from tests.integration.portal.scene import BY, ScriptedCluster, at, push, some_project, work

WHY = Explanation("x", "Your build failed.", "npm ERR! preparing\npreparing", "Try again.")
LOST = Explanation("y", "The machine that built this was lost.", "", "")


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    return some_project()


def told(project: Project, language: str = "ko") -> list[tuple[str, str]]:
    """Each line as it is kept and as it is told."""
    with override(language):
        entries = LogEntry.objects.filter(stream__project=project).order_by("stream_id", "sequence")
        return [(entry.text, spoken(entry.words)) for entry in entries]


def test_what_happens_to_a_project_is_told_in_korean(project: Project, cluster: ScriptedCluster) -> None:
    seen = (Sentence("go.mod, so Go {version}", version="1.23"),)
    cluster.build_outcomes = [
        BuildOutcome("lost", explanation=LOST),
        BuildOutcome("lost", explanation=LOST, node_lost=True),
        BuildOutcome("failed", explanation=WHY),
    ]
    failed = push(project, seen=seen)
    work()
    built = rebuild(by=BY, project=project, build_id=failed.pk)
    work()
    restart(by=BY, project=project)
    work()
    set_config(by=BY, project=project, set={"A": "1", "B": "2", "C": "3", "D": "4"})
    work()
    set_config(by=BY, project=project, set={"A": "2"})
    cluster.rollout_outcomes = [RolloutOutcome("failed", explanation=WHY)]
    work()
    scale(by=BY, project=project, wanted=Resources(2, 256 << 20, 100))
    work()
    change_subdomain(by=BY, project=project, subdomain="elsewhere")
    work()
    actions.rollback(by=BY, project=project)
    work()
    redeploy(by=BY, project=project, build_id=built.pk)
    push(project)
    push(project)
    work()

    lines = told(project)
    english = [(text, shown) for text, shown in lines if text == shown]
    assert {text for text, _ in english} == {"  npm ERR! preparing", "  preparing"}
    unfilled = [shown for _, shown in lines if re.search(r"\{\w+\}", shown)]
    assert not unfilled
    assert told(project, "en") == [(text, text) for text, _ in lines]


def test_what_a_builder_or_an_app_writes_stays_as_it_is(project: Project, cluster: ScriptedCluster) -> None:
    cluster.lines = [LogLine(at(1), "build", "preparing"), LogLine(at(2), "build", "Your build failed.")]
    cluster.release_lines = [AppLine(at(3), "pod", "preparing")]
    push(project, release_command=("prepare",))
    work()
    shown = [shown for text, shown in told(project) if text in ("preparing", "Your build failed.")]
    assert shown == ["preparing", "Your build failed.", "preparing"]


def test_a_line_of_before_is_shown_as_it_was_written(project: Project) -> None:
    push(project)
    LogEntry.objects.update(said=None)
    assert all(text == shown for text, shown in told(project))
