"""What counts as a club's share of the registry."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db.models.functions import Now
from portal.builds.models import Build, PushedImage, QuietTime
from portal.projects.actions import create_project
from portal.projects.models import Project
from portal.registry import space
from portal.registry.space import Taken, taken
from portal.releases.models import Release

from tests.integration.portal.scene import BY, ScriptedCluster, push, some_project, work


@pytest.fixture
def project(cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Of an installation that collects its registry's garbage."""
    changed = settings.MADANG.model_copy(update={"registry_workload": "madang/registry"})
    monkeypatch.setattr(settings, "MADANG", changed)
    return some_project()


def built(project: Project, image: dict[str, int], cache: dict[str, int]) -> Build:
    build = push(project)
    work()
    space.note(build, image, cache)
    return build


def collected() -> None:
    QuietTime.objects.create(used=True, until=Now())


def test_what_images_share_counts_once_and_another_clubs_not_at_all(project: Project) -> None:
    menu = create_project(by=BY, club=project.club, slug="menu")
    built(project, {"python": 100, "site": 10}, {"pip": 1000})
    built(menu, {"python": 100, "menu": 20}, {})
    built(some_project(), {"other": 7}, {})
    assert taken(project.club) == Taken(1130, {"site": 1110, "menu": 120})


def test_once_the_registry_has_collected_kept_images_and_the_newest_cache_count(project: Project) -> None:
    builds = [built(project, {f"i{n}": 10**n}, {f"c{n}": 10 ** (n + 3)}) for n in range(3)]
    assert taken(project.club).total == 111_111
    Release.objects.filter(build=builds[0]).update(image_kept=False)
    assert taken(project.club).total == 111_111
    space.forget()
    assert PushedImage.objects.count() == 3
    collected()
    assert taken(project.club).total == 100_110
    space.forget()
    assert sorted(PushedImage.objects.values_list("build", flat=True)) == [each.pk for each in builds[1:]]
    assert taken(project.club).total == 100_110


def test_what_a_deleted_project_left_counts_until_then(project: Project) -> None:
    built(project, {"site": 10}, {"pip": 1})
    PushedImage.objects.update(build=None)
    assert taken(project.club) == Taken(11, {})
    collected()
    assert taken(project.club) == Taken(0, {})
    space.forget()
    assert not PushedImage.objects.exists()


def test_of_a_registry_that_others_look_after_what_is_kept_counts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = built(project, {"old": 1}, {"pip": 10})
    built(project, {"new": 100}, {"npm": 1000})
    Release.objects.filter(build=old).update(image_kept=False)
    elsewhere = settings.MADANG.model_copy(update={"registry_workload": ""})
    monkeypatch.setattr(settings, "MADANG", elsewhere)
    assert taken(project.club).total == 1100
