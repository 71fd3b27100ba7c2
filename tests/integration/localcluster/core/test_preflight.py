"""What this computer lacks is told at once, each with its remedy, and nothing is changed."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from localcluster import preflight
from localcluster.errors import ClusterError
from localcluster.instance import Instance, Ports
from localcluster.lifecycle import HALF_DESTROYED
from localcluster.preflight.room import FREE_BYTES_AGAIN, FREE_BYTES_FIRST, bytes_needed

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the embedded cluster is root's")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    monkeypatch.setenv("MADANG_INSTANCE", "preflight-test")
    monkeypatch.setenv("MADANG_STATE", str(tmp_path / "state"))
    return Instance.from_environment()


def on_port(instance: Instance, port: int) -> Instance:
    return replace(instance, ports=Ports(http=port, api=port, mirror=port, proxy=port, drill=port))


def test_a_taken_port_is_named_with_what_to_do(instance: Instance) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = [p for p in preflight.problems(on_port(instance, port)) if "taken" in p.what]
    assert len(found) == 5
    assert str(port) in found[0].what
    assert "MADANG_PORT_OFFSET" in found[0].remedy


def test_a_missing_tool_is_named_with_its_package(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = next(p for p in preflight.problems(instance) if "Programs are missing" in p.what)
    assert "nft" in found.what
    assert "nftables" in found.remedy


def test_a_cluster_that_was_made_starts_again_on_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    (tmp_path / "uv").mkdir()
    assert bytes_needed(tmp_path, "etcd") == FREE_BYTES_FIRST
    (tmp_path / "etcd").mkdir()
    assert bytes_needed(tmp_path, "etcd") == FREE_BYTES_AGAIN


def test_every_problem_is_told_in_one_refusal(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(ClusterError) as refusal:
            preflight.check(on_port(instance, taken.getsockname()[1]))
    assert "Programs are missing" in str(refusal.value)
    assert "is taken" in str(refusal.value)


def test_looking_changes_nothing(instance: Instance) -> None:
    list(preflight.problems(instance))
    assert not instance.state.exists()
    assert not list(instance.state.parent.iterdir())


def test_what_an_interrupted_destroy_has_left_is_not_started(instance: Instance) -> None:
    instance.state.mkdir()
    (instance.state / HALF_DESTROYED).touch()
    (found,) = [p for p in preflight.problems(instance) if "was interrupted" in p.what]
    assert "make destroy" in found.remedy


def test_a_folder_without_programs_is_named(instance: Instance, tmp_path: Path) -> None:
    (found,) = [p for p in preflight.problems(replace(instance, programs=tmp_path)) if "kubelet" in p.what]
    assert str(tmp_path) in found.what
