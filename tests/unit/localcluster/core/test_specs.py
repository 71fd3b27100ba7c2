"""What the machines are made of, as values."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from localcluster import control, machines, outlet, worker
from localcluster.egress import WayOut
from localcluster.egress.upstream import Upstream
from localcluster.instance import Capacity, Instance
from localcluster.machine import MachineSpec

PROGRAMS = Path("/programs")


@pytest.fixture
def instance() -> Instance:
    return Instance.from_environment()


def specs(instance: Instance) -> list[MachineSpec]:
    return [control.spec(instance, PROGRAMS), *(worker.spec(instance, n, PROGRAMS) for n in instance.nodes)]


def test_a_spec_survives_its_file(instance: Instance) -> None:
    for spec in specs(instance):
        assert MachineSpec.from_json(spec.to_json()) == spec


def test_the_same_settings_give_the_same_specs(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    before = specs(instance)
    monkeypatch.setenv("PATH", "/somewhere/else:/usr/sbin:/usr/bin:/bin")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    assert specs(instance) == before


def test_what_a_machine_is_made_of_is_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A school's proxy has a password, and a machine has more users than root."""
    monkeypatch.setenv("MADANG_STATE", str(tmp_path))
    way_out = WayOut(("pypi.example",), upstream=Upstream("http", "proxy.example", 3128, "school:secret"))
    instance = Instance.from_environment()
    spec = outlet.spec(instance, way_out)
    home = Path(spec.home)
    home.mkdir(parents=True)
    (home / "tinyproxy.conf").write_text("of an earlier version")
    machines.write_files(spec)
    assert "school:secret" in (home / "tinyproxy.conf").read_text()
    assert MachineSpec.from_json((home / "machine.json").read_text()) == spec
    assert {file.stat().st_mode & 0o777 for file in home.iterdir()} == {0o600}


def test_etcd_keeps_its_data_outside_the_machines_folder_and_syncs_it(instance: Instance) -> None:
    etcd = next(p for p in control.spec(instance, PROGRAMS).programs if p.name == "etcd")
    assert f"--data-dir={instance.state}/etcd" in etcd.argv
    assert not any("unsafe" in argument for argument in etcd.argv)


def test_what_pods_reach_of_the_mirror_is_read_only(instance: Instance) -> None:
    files = control.spec(instance, PROGRAMS).files
    reachable, writable = json.loads(files["mirror.json"]), json.loads(files["mirror-write.json"])
    assert reachable["http"]["addr"] == "172.30.0.1:5000"
    assert reachable["storage"]["maintenance"]["readonly"]["enabled"]
    assert writable["http"]["addr"].startswith("127.0.0.1:")


def test_the_host_listens_on_loopback_only(instance: Instance) -> None:
    listening = [
        address for spec in specs(instance) for program in spec.programs for address in program.listen
    ]
    assert listening
    assert all(address.startswith("127.0.0.1:") for address in listening)


def test_a_node_runs_pods_only_behind_its_policy_agent(instance: Instance) -> None:
    programs = {p.name: p for p in worker.spec(instance, instance.node("spot-1"), PROGRAMS).programs}
    assert programs["kubelet"].wait_for == (f"queue:{worker.AGENT_QUEUE}",)
    assert worker.NRI_SOCKET in programs["policy-agent"].wait_for
    assert "containerd" in programs["policy-agent"].restart_with


def test_the_clubs_registry_is_pulled_through_its_service(instance: Instance) -> None:
    files = worker.spec(instance, instance.node("spot-1"), PROGRAMS).files
    assert 'server = "http://10.96.0.50:5000"' in files["certs.d/registry.local/hosts.toml"]
    assert 'server = "http://172.30.0.1:5000"' in files["certs.d/docker.io/hosts.toml"]


def test_a_nodes_status_names_every_image_that_it_has(instance: Instance) -> None:
    """Kubernetes tells of the 50 largest unless asked; who pulls images ahead must know them all."""
    for node in instance.nodes:
        kubelet = json.loads(worker.spec(instance, node, PROGRAMS).files["kubelet.json"])
        assert kubelet["nodeStatusMaxImages"] == -1


def test_a_node_whose_status_stays_as_it_is_says_so_with_its_lease_alone(instance: Instance) -> None:
    """Given one frequency, the kubelet takes it for both: its status, with every image, each five seconds."""
    for node in instance.nodes:
        kubelet = json.loads(worker.spec(instance, node, PROGRAMS).files["kubelet.json"])
        assert (kubelet["nodeStatusUpdateFrequency"], kubelet["nodeStatusReportFrequency"]) == ("5s", "5m")


def test_a_pod_has_only_so_many_processes(instance: Instance) -> None:
    """Without a limit one that forks without end stops all nodes, which are programs of one machine."""
    for node in instance.nodes:
        kubelet = json.loads(worker.spec(instance, node, PROGRAMS).files["kubelet.json"])
        assert 0 < kubelet["podPidsLimit"] <= 1024


def test_a_pod_that_takes_all_of_the_disk_goes_be_it_by_room_or_by_files(instance: Instance) -> None:
    """Empty files take no room; without an inode etcd and PostgreSQL stop all the same."""
    for node in instance.nodes:
        kubelet = json.loads(worker.spec(instance, node, PROGRAMS).files["kubelet.json"])
        disks = {f"{disk}.{of}" for disk in ("nodefs", "imagefs") for of in ("available", "inodesFree")}
        assert disks <= kubelet["evictionHard"].keys()


def taints(instance: Instance) -> dict[str, list[str]]:
    """What each node registers with."""
    files = {node: worker.spec(instance, node, PROGRAMS).files for node in instance.nodes}
    return {
        node.name: [
            f"{each['key']}={each['value']}:{each['effect']}"
            for each in json.loads(told["kubelet.json"]).get("registerWithTaints", [])
        ]
        for node, told in files.items()
    }


def test_spot_nodes_register_closed_until_their_agents_are_at_work_and_nodes_that_stay_do_not(
    instance: Instance,
) -> None:
    closed = ["madang.dev/agent-not-ready=true:NoSchedule"]
    staying = {node.name for node in instance.nodes if node.capacity is Capacity.ON_DEMAND}
    assert taints(instance) == {node.name: [] if node.name in staying else closed for node in instance.nodes}


def test_kubernetes_alone_has_no_node_that_nobody_opens(instance: Instance) -> None:
    assert not any(taints(replace(instance, startup_taint=False)).values())
