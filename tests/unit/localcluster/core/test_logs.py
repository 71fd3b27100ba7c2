"""Which log files are meant, and what is said where there are none."""

from pathlib import Path

import pytest

from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.logs import find, show


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    monkeypatch.setenv("MADANG_STATE", str(tmp_path))
    for name in ("spot-1/kubelet.log", "spot-1/containerd.log", "control/etcd.log"):
        file = tmp_path / "machines" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return Instance.from_environment()


def names(files: list[Path]) -> list[str]:
    return [f"{file.parent.name}/{file.stem}" for file in files]


def test_the_logs_of_all_of_a_machine_or_of_one_program(instance: Instance) -> None:
    assert names(find(instance, None, None)) == ["control/etcd", "spot-1/containerd", "spot-1/kubelet"]
    assert names(find(instance, "spot-1", None)) == ["spot-1/containerd", "spot-1/kubelet"]
    assert names(find(instance, "spot-1", "kubelet")) == ["spot-1/kubelet"]


@pytest.mark.parametrize("machine", ["spot-9", "/etc", "..", "spot-*"])
def test_a_machine_that_there_is_not_is_told_with_those_there_are(instance: Instance, machine: str) -> None:
    with pytest.raises(ClusterError, match=r"No logs of '.*'\. Machines: control, spot-1"):
        find(instance, machine, None)


def test_a_program_that_there_is_not_is_told_with_those_there_are(instance: Instance) -> None:
    with pytest.raises(ClusterError, match=r"spot-1 runs no 'etcd'\. Programs: containerd, kubelet"):
        find(instance, "spot-1", "etcd")


def test_where_nothing_is_logged_yet_nobody_waits_for_it(instance: Instance) -> None:
    with pytest.raises(ClusterError, match="spot-1 has logged nothing yet"):
        show(instance, "spot-1", None, 20, follow=False)
