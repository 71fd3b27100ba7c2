"""An instance follows from its settings, and two of them share nothing."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from localcluster.errors import ClusterError
from localcluster.instance import Capacity, Instance


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [n for n in os.environ if n.startswith("MADANG_")]:
        monkeypatch.delenv(name)


def test_the_defaults_are_a_small_cluster_in_two_zones() -> None:
    instance = Instance.from_environment()
    assert (instance.name, instance.state) == ("madang", Path("/var/lib/madang"))
    assert [node.name for node in instance.nodes] == ["ondemand-1", "spot-1", "spot-2", "spot-3"]
    assert {node.zone for node in instance.nodes if node.capacity is Capacity.SPOT} == {"local-a", "local-b"}


def test_nodes_are_labelled_as_eks_and_karpenter_do() -> None:
    spot = Instance.from_environment().node("spot-2")
    assert spot.labels["karpenter.sh/capacity-type"] == "spot"
    assert spot.labels["eks.amazonaws.com/capacityType"] == "SPOT"
    assert spot.labels["topology.kubernetes.io/zone"] == "local-b"


def test_no_two_nodes_share_an_address_or_a_pod_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADANG_SPOT_NODES", "20")
    monkeypatch.setenv("MADANG_ONDEMAND_NODES", "8")
    nodes = Instance.from_environment().nodes
    assert len({node.address for node in nodes}) == len(nodes) == 28
    assert len({node.pod_network for node in nodes}) == len(nodes)
    assert ip_address("172.30.0.11") == Instance.from_environment().node("ondemand-1").address


def test_more_on_demand_nodes_move_no_spot_node(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Instance.from_environment().node("spot-1").address
    monkeypatch.setenv("MADANG_ONDEMAND_NODES", "3")
    assert Instance.from_environment().node("spot-1").address == before


def test_another_name_and_offset_give_another_place_and_other_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Instance.from_environment()
    monkeypatch.setenv("MADANG_INSTANCE", "madang-two")
    monkeypatch.setenv("MADANG_PORT_OFFSET", "100")
    second = Instance.from_environment()
    assert first.state != second.state
    assert first.cgroup != second.cgroup
    assert (second.ports.http, second.ports.api) == (first.ports.http + 100, first.ports.api + 100)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INSTANCE", "Madang"),
        ("INSTANCE", "../etc"),
        ("SPOT_NODES", "0"),
        ("SPOT_NODES", "many"),
        ("PORT_OFFSET", "-1"),
        ("STARTUP_TAINT", "perhaps"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MADANG_{name}", value)
    with pytest.raises(ClusterError, match=f"MADANG_{name}"):
        Instance.from_environment()


def test_spot_nodes_wait_for_their_agents_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Instance.from_environment().startup_taint
    monkeypatch.setenv("MADANG_STARTUP_TAINT", "false")
    assert not Instance.from_environment().startup_taint


def test_an_unknown_node_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ClusterError, match="spot-3"):
        Instance.from_environment().node("spot-9")
