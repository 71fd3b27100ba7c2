"""The life of an instance: each step when it is due, and the right one after a crash anywhere."""

import re
from datetime import datetime, timedelta

from localcluster.cloud import lifecycle
from localcluster.cloud.announcements import announce_reclaim, schedule_maintenance
from localcluster.cloud.lifecycle import Decision, Step, decide, observe
from localcluster.cloud.record import CloudInstance, EventCode, EventState, MachineRun, State
from localcluster.instance import Node

EVENT = "instance-event-0123456789abcdef0"
DELAY_SECONDS = 20.0


def test_an_instance_id_looks_like_ec2s_and_is_never_used_twice(node: Node, now: datetime) -> None:
    ids = {lifecycle.launch(node, now).instance_id for _ in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch(r"i-[0-9a-f]{17}", each) for each in ids)


def test_nothing_is_due_while_nothing_is_announced(running: CloudInstance, now: datetime) -> None:
    assert decide(running, now, DELAY_SECONDS) == Decision()


def test_a_reclaim_waits_for_its_deadline_and_not_longer(running: CloudInstance, now: datetime) -> None:
    announced = announce_reclaim(running, now, 120)
    deadline = now + timedelta(seconds=120)
    assert decide(announced, now, DELAY_SECONDS) == Decision(wake_at=deadline)
    assert decide(announced, deadline, DELAY_SECONDS) == Decision(Step.SHUT_DOWN)


def test_an_announced_reclaim_is_carried_out_however_late_the_daemon_comes_back(
    running: CloudInstance, now: datetime
) -> None:
    announced = CloudInstance.model_validate_json(announce_reclaim(running, now, 120).model_dump_json())
    assert decide(announced, now + timedelta(hours=1), DELAY_SECONDS).step is Step.SHUT_DOWN


def test_the_whole_way_from_notice_to_replacement(running: CloudInstance, node: Node, now: datetime) -> None:
    leaving = lifecycle.shutting_down(announce_reclaim(running, now, 0))
    assert decide(leaving, now, DELAY_SECONDS).step is Step.END
    gone = lifecycle.ended(leaving, now)
    due = now + timedelta(seconds=DELAY_SECONDS)
    assert decide(gone, now, DELAY_SECONDS) == Decision(wake_at=due)
    assert decide(gone, due, DELAY_SECONDS).step is Step.REPLACE
    new = lifecycle.launch(node, due, replaces=gone.instance_id)
    assert decide(new, due, DELAY_SECONDS).step is Step.START
    machine = MachineRun(pid=5000, start=900, boot="boot-1")
    new = observe(lifecycle.started(new, machine), node, machine, due)
    assert decide(new, due, DELAY_SECONDS).step is Step.AWAIT_READY
    assert decide(lifecycle.ready(new), due, DELAY_SECONDS) == Decision()
    assert (new.node, new.replaces) == (running.node, running.instance_id)
    assert new.instance_id != running.instance_id


def test_a_replacement_that_another_has_started_meanwhile_is_not_started_again(
    node: Node, now: datetime
) -> None:
    pending = lifecycle.launch(node, now, replaces="i-0123456789abcdef0")
    assert decide(observe(pending, node, None, now), now, DELAY_SECONDS).step is Step.START
    machine = MachineRun(pid=5000, start=900, boot="boot-1")
    seen = observe(pending, node, machine, now)
    assert (seen.instance_id, seen.machine) == (pending.instance_id, machine)
    assert decide(seen, now, DELAY_SECONDS).step is Step.AWAIT_READY


def test_a_node_that_was_stopped_and_started_keeps_its_id_and_loses_its_notice(
    running: CloudInstance, node: Node, now: datetime
) -> None:
    announced = announce_reclaim(running, now, 120)
    for other in (MachineRun(pid=4711, start=100, boot="boot-2"), MachineRun(pid=9, start=9, boot="boot-1")):
        seen = observe(announced, node, other, now)
        assert (seen.instance_id, seen.machine, seen.notice) == (running.instance_id, other, None)


def test_a_machine_that_runs_where_one_was_reclaimed_is_the_replacement(
    running: CloudInstance, node: Node, now: datetime
) -> None:
    other = MachineRun(pid=9, start=9, boot="boot-1")
    for leaving in (lifecycle.shutting_down(running), lifecycle.ended(running, now)):
        seen = observe(leaving, node, other, now)
        assert seen.instance_id != running.instance_id
        assert (seen.replaces, seen.machine, seen.state) == (running.instance_id, other, State.PENDING)


def test_a_machine_that_died_by_itself_is_replaced_once_it_counts_as_lost(
    running: CloudInstance, node: Node, now: datetime
) -> None:
    assert observe(running, node, None, now) == running
    assert decide(running, now, DELAY_SECONDS) == Decision()
    assert decide(running, now, DELAY_SECONDS, lost=True).step is Step.SHUT_DOWN


def test_a_scheduled_reboot_brings_back_the_same_instance_once(
    running: CloudInstance, node: Node, now: datetime
) -> None:
    planned = schedule_maintenance(running, now, EVENT, EventCode.SYSTEM_REBOOT, 60)
    due = now + timedelta(seconds=60)
    assert decide(planned, now, DELAY_SECONDS) == Decision(wake_at=due)
    assert decide(planned, due, DELAY_SECONDS).step is Step.REBOOT
    down = lifecycle.rebooting(planned)
    assert down.instance_id == running.instance_id
    assert [event.state for event in down.maintenance] == [EventState.COMPLETED]
    assert decide(down, due, DELAY_SECONDS).step is Step.REBOOT_MACHINE
    assert observe(down, node, running.machine, due) == down
    up = observe(down, node, MachineRun(pid=5000, start=900, boot="boot-1"), due)
    assert decide(up, due, DELAY_SECONDS).step is Step.AWAIT_READY


def test_a_retirement_ends_the_instance(running: CloudInstance, now: datetime) -> None:
    planned = schedule_maintenance(running, now, EVENT, EventCode.INSTANCE_RETIREMENT, 0)
    assert decide(planned, now, DELAY_SECONDS).step is Step.SHUT_DOWN


def test_a_nodes_provider_id_ends_in_its_instances_id_as_on_eks(running: CloudInstance) -> None:
    assert running.provider_id == f"local:///local-a/{running.instance_id}"
