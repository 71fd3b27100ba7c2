"""An instance's life as pure decisions: what is to be done next, and what each deed makes of the record."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from localcluster.cloud.record import (
    CloudInstance,
    EventState,
    LifeCycle,
    MachineRun,
    State,
    new_instance_id,
)
from localcluster.instance import Node


class Step(StrEnum):
    """What the keeper of a node does next. Each is safe to do again after a crash in its middle."""

    START = "start"
    REBOOT_MACHINE = "reboot-machine"
    AWAIT_READY = "await-ready"
    SHUT_DOWN = "shut-down"
    END = "end"
    REBOOT = "reboot"
    REPLACE = "replace"


@dataclass(frozen=True)
class Decision:
    """The step that is due, if any; else when to look again (None: when something is announced)."""

    step: Step | None = None
    wake_at: datetime | None = None


def launch(
    node: Node, now: datetime, machine: MachineRun | None = None, replaces: str | None = None
) -> CloudInstance:
    """A new instance in the node's place."""
    return CloudInstance(
        node=node.name,
        instance_id=new_instance_id(),
        life_cycle=LifeCycle(node.capacity.value),
        instance_type=node.instance_type,
        zone=node.zone,
        region=node.region,
        address=str(node.address),
        hardware_address=node.hardware_address,
        launched_at=now,
        state=State.PENDING,
        replaces=replaces,
        machine=machine,
    )


def observe(instance: CloudInstance, node: Node, machine: MachineRun | None, now: datetime) -> CloudInstance:
    """What the record becomes in the light of the machine that really runs.

    One that was expected is noted. One that others started (`up` after `down` or after a reboot of the host)
    is the same instance, stopped and started: it keeps its id and loses what was announced. If the record was
    on its way out, the machine in its place is the replacement.
    """
    if machine is None or machine == instance.machine:
        return instance
    match instance.state:
        case State.PENDING if instance.machine is None or instance.rebooting:
            return started(instance, machine)
        case State.PENDING | State.RUNNING:
            return instance.model_copy(
                update={
                    "machine": machine,
                    "state": State.PENDING,
                    "notice": None,
                    "rebalance_at": None,
                    "maintenance": (),
                }
            )
        case State.SHUTTING_DOWN | State.TERMINATED:
            return launch(node, now, machine=machine, replaces=instance.instance_id)


def decide(
    instance: CloudInstance, now: datetime, replacement_delay_seconds: float, lost: bool = False
) -> Decision:
    """The step that is due now, or the moment of the next one. `lost`: its machine has died by itself."""
    match instance.state:
        case State.SHUTTING_DOWN:
            return Decision(Step.END)
        case State.TERMINATED:
            due = (instance.ended_at or now) + timedelta(seconds=replacement_delay_seconds)
            return Decision(Step.REPLACE) if now >= due else Decision(wake_at=due)
        case State.PENDING | State.RUNNING:
            return _decide_alive(instance, now, lost)


def _decide_alive(instance: CloudInstance, now: datetime, lost: bool) -> Decision:
    if instance.notice and now >= instance.notice.deadline:
        return Decision(Step.SHUT_DOWN)
    event = instance.next_maintenance
    if event and now >= event.not_before:
        return Decision(Step.REBOOT if event.code.reboots else Step.SHUT_DOWN)
    if instance.rebooting:
        return Decision(Step.REBOOT_MACHINE)
    if instance.machine is None:
        return Decision(Step.START)
    if lost:
        return Decision(Step.SHUT_DOWN)
    if instance.state is State.PENDING:
        return Decision(Step.AWAIT_READY)
    moments = [instance.notice.deadline] if instance.notice else []
    moments += [event.not_before] if event else []
    return Decision(wake_at=min(moments, default=None))


def shutting_down(instance: CloudInstance) -> CloudInstance:
    return instance.model_copy(update={"state": State.SHUTTING_DOWN})


def ended(instance: CloudInstance, now: datetime) -> CloudInstance:
    """Dead, and the cluster knows it."""
    return instance.model_copy(update={"state": State.TERMINATED, "ended_at": now})


def started(instance: CloudInstance, machine: MachineRun) -> CloudInstance:
    return instance.model_copy(update={"machine": machine, "rebooting": False})


def ready(instance: CloudInstance) -> CloudInstance:
    return instance.model_copy(update={"state": State.RUNNING})


def rebooting(instance: CloudInstance) -> CloudInstance:
    """The event counts as done before the machine is taken down: a crash in between reboots once."""
    event = instance.next_maintenance
    done = tuple(
        each.model_copy(update={"state": EventState.COMPLETED}) if each == event else each
        for each in instance.maintenance
    )
    return instance.model_copy(update={"state": State.PENDING, "rebooting": True, "maintenance": done})
