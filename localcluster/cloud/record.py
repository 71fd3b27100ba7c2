"""What the stand-in cloud knows of one node's place: the instance in it and what was announced for it.

Words are EC2's own: life cycle, state, notice, rebalance recommendation, scheduled event.
"""

import secrets
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict


class LifeCycle(StrEnum):
    """How the instance is paid for, as `instance-life-cycle` tells it."""

    SPOT = "spot"
    ON_DEMAND = "on-demand"


class State(StrEnum):
    """EC2's instance states."""

    PENDING = "pending"
    RUNNING = "running"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"


class Action(StrEnum):
    """What a spot interruption does. All three end the instance's life here: a new one takes its place."""

    TERMINATE = "terminate"
    STOP = "stop"
    HIBERNATE = "hibernate"


class Cause(StrEnum):
    """Who takes the instance: the spot market, or the Auto Scaling group that it belongs to."""

    SPOT = "spot"
    AUTO_SCALING = "auto-scaling"


class EventCode(StrEnum):
    """The kinds of scheduled maintenance that the stand-in cloud can carry out."""

    INSTANCE_REBOOT = "instance-reboot"
    SYSTEM_REBOOT = "system-reboot"
    INSTANCE_STOP = "instance-stop"
    INSTANCE_RETIREMENT = "instance-retirement"

    @property
    def reboots(self) -> bool:
        """The instance comes back as itself, instead of being replaced."""
        return self in (EventCode.INSTANCE_REBOOT, EventCode.SYSTEM_REBOOT)


class EventState(StrEnum):
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELED = "canceled"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MachineRun(_Frozen):
    """One life of a machine: its PID on the host, the process's start (clock ticks since boot), the boot."""

    pid: int
    start: int
    boot: str


class Notice(_Frozen):
    """The instance ends at `deadline`."""

    cause: Cause
    action: Action
    announced_at: AwareDatetime
    deadline: AwareDatetime


class Maintenance(_Frozen):
    """A scheduled event; carried out at `not_before`."""

    event_id: str
    code: EventCode
    state: EventState = EventState.ACTIVE
    not_before: AwareDatetime
    not_after: AwareDatetime


class CloudInstance(_Frozen):
    """The instance in a node's place. A replacement is a new one, with a new id, under the same node name."""

    node: str
    instance_id: str
    life_cycle: LifeCycle
    instance_type: str
    zone: str
    region: str
    address: str
    hardware_address: str
    launched_at: AwareDatetime
    state: State
    replaces: str | None = None
    machine: MachineRun | None = None
    rebooting: bool = False
    ended_at: AwareDatetime | None = None
    notice: Notice | None = None
    rebalance_at: AwareDatetime | None = None
    maintenance: tuple[Maintenance, ...] = ()

    @property
    def alive(self) -> bool:
        return self.state in (State.PENDING, State.RUNNING)

    @property
    def provider_id(self) -> str:
        """The Node's `spec.providerID`, of the form that EKS has: `aws:///eu-west-1a/i-…`."""
        return f"local:///{self.zone}/{self.instance_id}"

    @property
    def scheduled(self) -> tuple[Maintenance, ...]:
        """The events that are still to come, the next one first."""
        active = [event for event in self.maintenance if event.state is EventState.ACTIVE]
        return tuple(sorted(active, key=lambda event: event.not_before))

    @property
    def next_maintenance(self) -> Maintenance | None:
        """The scheduled event that comes first."""
        return next(iter(self.scheduled), None)


def new_instance_id() -> str:
    return f"i-{secrets.token_hex(9)[:17]}"


def new_event_id() -> str:
    return f"instance-event-{secrets.token_hex(9)[:17]}"


def zulu(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, as the metadata service writes times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
