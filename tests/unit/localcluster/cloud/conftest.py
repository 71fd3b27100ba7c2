"""A spot node and the instance in it, at a fixed moment."""

from datetime import UTC, datetime

import pytest

from localcluster.cloud import lifecycle
from localcluster.cloud.record import CloudInstance, MachineRun
from localcluster.instance import Capacity, Node


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 5, 9, 10, 11, tzinfo=UTC)


@pytest.fixture
def node() -> Node:
    return Node("spot-1", 9, Capacity.SPOT, "local-a", 3 << 30)


@pytest.fixture
def machine() -> MachineRun:
    return MachineRun(pid=4711, start=100, boot="boot-1")


@pytest.fixture
def running(node: Node, machine: MachineRun, now: datetime) -> CloudInstance:
    return lifecycle.ready(lifecycle.launch(node, now, machine))


@pytest.fixture
def on_demand(machine: MachineRun, now: datetime) -> CloudInstance:
    node = Node("ondemand-1", 1, Capacity.ON_DEMAND, "local-a", 3 << 30)
    return lifecycle.ready(lifecycle.launch(node, now, machine))
