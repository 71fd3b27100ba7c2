"""Clubs, keys, projects, settings: who may, what is kept, what is in the audit log."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from portal.accounts import actions as accounts
from portal.accounts.actions import create_key
from portal.accounts.models import AccessKey, AuditEntry, User
from portal.accounts.principal import Principal, platform
from portal.accounts.selectors import authenticate
from portal.clubs.actions import add_member, create_club
from portal.clubs.management.commands.create_club import Command as CreateClub
from portal.commands import OperatorCommand
from portal.encryption import decrypt, encrypt
from portal.notifications.models import Channel, ChannelKind
from portal.problems import Problem
from portal.projects.actions import create_project, delete_project, set_config
from portal.projects.models import ConfigVar, Project
from portal.projects.removal import remove
from portal.projects.selectors import config, find
from portal.releases import making
from portal.releases.models import Release
from pydantic import SecretStr

from tests.integration.portal.scene import (
    BY,
    ScriptedCluster,
    key_for,
    push,
    some_project,
    work,
)
from tests.integration.portal.test_claims import at_once

pytestmark = pytest.mark.usefixtures("clean")


def of(project: Project, *scopes: str) -> Principal:
    found = authenticate(key_for(project, *scopes))
    assert found is not None
    return found


def test_a_key_opens_until_it_is_revoked() -> None:
    project = some_project()
    text = key_for(project, "deploy")
    principal = authenticate(text)
    assert principal is not None
    assert principal.may("deploy", club=project.club.slug, project="site")
    accounts.revoke_key(by=BY, club=project.club, key_id=text.split("_")[1])
    accounts.revoke_key(by=BY, club=project.club, key_id=text.split("_")[1])
    assert authenticate(text) is None


def test_a_key_opens_nothing_once_it_has_expired_and_the_log_says_so() -> None:
    project = some_project()
    text = key_for(project, "read")
    AccessKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert authenticate(text) is None
    assert accounts.retire_expired_keys(by=platform()) == 1
    assert accounts.retire_expired_keys(by=platform()) == 0
    assert AuditEntry.objects.filter(action="key_expired", actor="platform").count() == 1


def test_only_a_digest_of_a_key_is_kept() -> None:
    text = key_for(some_project(), "read")
    kept = str(AccessKey.objects.values().get()) + str(list(AuditEntry.objects.values()))
    assert text not in kept
    assert text.split("_")[2] not in kept


def test_another_pepper_makes_every_key_worthless(monkeypatch: pytest.MonkeyPatch) -> None:
    text = key_for(some_project(), "read")
    other = settings.MADANG.model_copy(update={"key_pepper": SecretStr("another")})
    monkeypatch.setattr(settings, "MADANG", other)
    assert authenticate(text) is None


def test_the_last_use_of_a_key_is_noted_once_a_minute() -> None:
    text = key_for(some_project(), "read")
    authenticate(text)
    first = AccessKey.objects.get().last_used_at
    authenticate(text)
    assert first is not None
    assert AccessKey.objects.get().last_used_at == first


def test_a_projects_key_dies_with_the_project() -> None:
    project = some_project()
    text = key_for(project, "manage", only=True)
    assert authenticate(text) is not None
    delete_project(by=BY, project=project)
    assert authenticate(text) is None


def test_a_taken_subdomain_gives_way_to_the_one_with_the_clubs_name() -> None:
    first = some_project("menu")
    second = some_project("menu")
    assert first.subdomain == "menu"
    assert second.subdomain == f"menu-{second.club.slug}"


def test_two_clubs_that_want_one_subdomain_at_once_both_get_a_project() -> None:
    clubs = [create_club(by=BY, slug=f"club{n}", name="Club") for n in range(4)]
    results = at_once(*[lambda c=c: create_project(by=BY, club=c, slug="menu") for c in clubs])
    assert all(isinstance(result, Project) for result in results)
    taken = set(Project.objects.values_list("subdomain", flat=True))
    assert "menu" in taken
    assert len(taken) == 4


def test_the_same_project_made_twice_at_once_is_made_once() -> None:
    club = create_club(by=BY, slug="chess", name="Chess")
    results = at_once(*[lambda: create_project(by=BY, club=club, slug="menu") for _ in range(4)])
    refusals = [result for result in results if isinstance(result, Problem)]
    assert len(refusals) == 3
    assert {refusal.explanation.reason for refusal in refusals} == {"project-exists"}


def test_two_pushes_at_once_leave_one_build_in_the_queue_the_newest() -> None:
    project = some_project()
    builds = at_once(*[lambda: push(project) for _ in range(6)])
    from portal.builds.models import Build

    assert not [build for build in builds if isinstance(build, BaseException)]
    queued = Build.objects.filter(project=project, state="queued")
    assert [build.pk for build in queued] == [max(build.pk for build in builds)]  # type: ignore[union-attr]
    ended = Build.objects.filter(project=project).exclude(state="queued")
    assert {build.stream.state for build in ended} == {"superseded"}


def test_a_reading_key_can_change_nothing() -> None:
    project = some_project()
    reader = of(project, "read")
    for act in (
        lambda: push(project, by=reader),
        lambda: set_config(by=reader, project=project, set={"A": "b"}),
        lambda: delete_project(by=reader, project=project),
        lambda: create_project(by=reader, club=project.club, slug="x"),
        lambda: add_member(by=reader, club=project.club, username="kim", role="owner"),
        lambda: create_key(by=reader, club=project.club, name="x", scopes=["manage"]),
        lambda: create_club(by=reader, slug="mine", name="Mine"),
    ):
        with pytest.raises(Problem) as refused:
            act()
        assert refused.value.status == 403


def test_every_change_is_in_the_audit_log_without_its_secrets() -> None:
    project = some_project()
    manager = of(project, "manage").at("192.0.2.7")
    set_config(by=manager, project=project, set={"TOKEN": "hunter2-hunter2"})
    push(project, by=manager)
    create_key(by=manager, club=project.club, name="laptop", scopes=["deploy"])
    delete_project(by=manager, project=project)
    entries = AuditEntry.objects.filter(actor=manager.name).order_by("id")
    assert [entry.action for entry in entries] == ["set_config", "push", "create_key", "delete_project"]
    assert {entry.address for entry in entries} == {"192.0.2.7"}
    assert "hunter2" not in str(list(AuditEntry.objects.values()))


def test_settings_are_encrypted_where_they_lie(cluster: ScriptedCluster) -> None:
    project = some_project()
    set_config(by=BY, project=project, set={"TOKEN": "hunter2-hunter2"})
    push(project)
    work()
    assert b"hunter2" not in bytes(ConfigVar.objects.get().encrypted)
    assert b"hunter2" not in bytes(Release.objects.get().encrypted_config)
    assert config(project) == {"TOKEN": "hunter2-hunter2"}


def test_a_large_config_is_not_changed_all_the_time(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every release keeps its own: with nothing between, an hour of changes would fill the database."""
    project = some_project()
    set_config(by=BY, project=project, set={"DATA": "x" * 3000})
    push(project)
    work()
    monkeypatch.setattr(making, "MOST_CONFIG_BYTES_AN_HOUR", 9000)
    set_config(by=BY, project=project, set={"A": "1"})
    with pytest.raises(Problem) as refused:
        set_config(by=BY, project=project, set={"A": "2"})
    assert (refused.value.status, refused.value.explanation.reason) == (429, "too-much-config")
    assert config(project)["A"] == "1"
    Release.objects.update(created_at=timezone.now() - timedelta(hours=2))
    set_config(by=BY, project=project, set={"A": "2"})


def test_a_project_has_so_many_variables_and_can_always_have_fewer() -> None:
    """Each is written by itself, and a request may name a hundred thousand."""
    project = some_project()
    set_config(by=BY, project=project, set={f"N{number}": "" for number in range(500)})
    with pytest.raises(Problem) as refused:
        set_config(by=BY, project=project, set={"ONE_MORE": "1"})
    assert (refused.value.status, refused.value.explanation.reason) == (422, "too-many-variables")
    done = set_config(by=BY, project=project, set={"ONE_MORE": "1"}, unset=["N0"])
    assert done.changed == ("N0", "ONE_MORE")


def test_variables_that_go_are_read_once() -> None:
    """Not once for each that there is: a key could hold the project's row for minutes with one request."""
    project = some_project()
    set_config(by=BY, project=project, set={"A": "1", "B": "2", "C": "3"})
    assert set_config(by=BY, project=project, set={}, unset=iter(["C", "A"])).changed == ("A", "C")
    assert config(project) == {"B": "2"}


def test_keys_of_encryption_are_rotated_without_losing_a_secret(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = some_project()
    set_config(by=BY, project=project, set={"TOKEN": "hunter2-hunter2"})
    push(project)
    work()
    old, new = settings.MADANG.encryption_keys.get_secret_value(), Fernet.generate_key().decode()

    def use(keys: str) -> None:
        changed = {"encryption_keys": SecretStr(keys)}
        monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update=changed))

    minji = User.objects.create(username="minji")
    target = "https://discord.com/api/webhooks/1/abc"
    channel = Channel.objects.create(
        user=minji,
        kind=ChannelKind.WEBHOOK,
        name="ours",
        encrypted_target=encrypt(target),
        encrypted_secret=encrypt("signs"),
        events=[],
    )
    app = Authenticator.objects.create(
        user=minji, type=Authenticator.Type.TOTP, data={"secret": encrypt("totp").decode()}
    )
    codes = Authenticator.objects.create(
        user=minji,
        type=Authenticator.Type.RECOVERY_CODES,
        data={"seed": encrypt("seed").decode(), "used_mask": 5},
    )
    use(f"{new},{old}")
    call_command("rotate_encryption", verbosity=0)
    assert "1 notification channels, 2 second factors" in capsys.readouterr().out
    use(new)
    assert config(project) == {"TOKEN": "hunter2-hunter2"}
    assert "hunter2-hunter2" in decrypt(Release.objects.get().encrypted_config)
    for row in (channel, app, codes):
        row.refresh_from_db()
    assert channel.encrypted_secret is not None
    assert (decrypt(channel.encrypted_target), decrypt(channel.encrypted_secret)) == (target, "signs")
    assert decrypt(app.data["secret"].encode()) == "totp"
    assert (decrypt(codes.data["seed"].encode()), codes.data["used_mask"]) == ("seed", 5)


@pytest.mark.parametrize("value", ["a\0b", "x" * (33 << 10)])
def test_a_value_that_cannot_be_kept_is_refused_and_nothing_changed(value: str) -> None:
    project = some_project()
    with pytest.raises(Problem):
        set_config(by=BY, project=project, set={"GOOD": "x", "BAD": value})
    assert config(project) == {}


def test_a_deleted_project_is_gone_for_everybody_at_once_and_from_the_cluster_soon(
    cluster: ScriptedCluster,
) -> None:
    project = some_project()
    push(project)
    work()
    waiting = push(project)
    delete_project(by=BY, project=project)
    assert find(project.club.slug, "site") is None
    waiting.refresh_from_db()
    assert (waiting.state, waiting.stream.state) == ("cancelled", "cancelled")
    with pytest.raises(Problem, match="already"):
        create_project(by=BY, club=project.club, slug="site")
    assert remove(project.pk)
    assert not cluster.applied
    assert not Project.objects.filter(pk=project.pk).exists()
    assert create_project(by=BY, club=project.club, slug="site").subdomain == "site"


def test_a_project_deleted_while_it_is_built_does_not_come_back(cluster: ScriptedCluster) -> None:
    project = some_project()

    def meanwhile(order: object, stop: object) -> None:
        delete_project(by=BY, project=project)

    cluster.during_build = meanwhile
    push(project)
    work()
    assert not Release.objects.exists()
    assert remove(project.pk)
    assert not cluster.applied
    assert not cluster.jobs


def test_a_project_that_is_not_deleted_is_never_removed(cluster: ScriptedCluster) -> None:
    project = some_project()
    assert not remove(project.pk)
    assert Project.objects.filter(pk=project.pk).exists()


def test_whoever_gives_a_command_does_not_wait_for_a_look_at_the_whole_code() -> None:
    with patch.object(OperatorCommand, "check") as looked:
        CreateClub().run_from_argv(["madang-admin", "create_club", "chess"])
    assert not looked.called


def test_commands_say_what_to_do_next_and_may_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_club", "chess", "--name", "Chess", "--if-missing")
    call_command("create_club", "chess", "--if-missing")
    with pytest.raises(CommandError, match="already"):
        call_command("create_club", "chess")
    call_command("create_project", "chess", "menu", "--if-missing")
    call_command("create_project", "chess", "menu", "--if-missing")
    capsys.readouterr()
    call_command("create_key", "chess", "--if-missing")
    text = capsys.readouterr().out.strip()
    assert authenticate(text) is not None
    call_command("create_key", "chess", "--if-missing")
    assert capsys.readouterr().out == ""
    with pytest.raises(CommandError, match="create_club gone"):
        call_command("create_key", "gone")
    with pytest.raises(CommandError, match="There are: chess"):
        call_command("create_key", "gone")
    with pytest.raises(CommandError, match="create_project chess gone"):
        call_command("create_key", "chess", "--project", "gone")
    call_command("add_member", "chess", "kim", "--role", "owner")
    assert "/clubs/chess/members" in capsys.readouterr().err
    with pytest.raises(CommandError, match="no owner any more"):
        call_command("add_member", "chess", "kim", "--role", "member")
    call_command("add_member", "chess", "jun", "--role", "owner")
    call_command("add_member", "chess", "kim", "--role", "member")
    call_command("sweep", "--once")
