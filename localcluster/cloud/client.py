"""Orders to the stand-in cloud from other processes, and waiting for what comes of them."""

import time
from typing import Any

import httpx

from localcluster.cloud.control import INSTANCES, control_socket
from localcluster.cloud.record import Action, CloudInstance, EventCode, State
from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.report import Report

LOOK_SECONDS = 0.5
SILENCE_SECONDS = 60.0
TIMEOUT_SECONDS = 10.0
STOPPED_LOOKING = (
    "Stopped looking. What was announced goes on; "
    "`.venv/bin/python -m localcluster.cloud cancel {node}` calls it off until it has begun."
)


def request_reclaim(
    instance: Instance, node: str, notice_seconds: float = 120, action: Action = Action.TERMINATE
) -> CloudInstance:
    """Have a spot node taken back after `notice_seconds`. Raises ClusterError if the cloud refuses."""
    return _order(instance, "reclaim", node=node, notice_seconds=notice_seconds, action=action.value)


def request_termination(instance: Instance, node: str, notice_seconds: float = 0) -> CloudInstance:
    """Have the Auto Scaling group take out any node, on-demand ones too."""
    return _order(instance, "terminate", node=node, notice_seconds=notice_seconds)


def request_rebalance(instance: Instance, node: str) -> CloudInstance:
    """Recommend a rebalance for a spot node: elevated risk, and perhaps nothing follows."""
    return _order(instance, "rebalance", node=node)


def request_maintenance(
    instance: Instance, node: str, code: EventCode = EventCode.SYSTEM_REBOOT, in_seconds: float = 86_400
) -> CloudInstance:
    """Schedule a reboot, stop or retirement. The same again stays one; an earlier date brings it nearer."""
    return _order(instance, "maintenance", node=node, code=code.value, in_seconds=in_seconds)


def request_put_off(
    instance: Instance, node: str, in_seconds: float = 86_400, code: EventCode | None = None
) -> CloudInstance:
    """Give what is scheduled for the node a later date; `code` says which, where several are."""
    return _order(instance, "put-off", node=node, in_seconds=in_seconds, code=code and code.value)


def cancel(instance: Instance, node: str) -> CloudInstance:
    """Call off all that is announced for the node."""
    return _order(instance, "cancel", node=node)


def instances(instance: Instance) -> list[CloudInstance]:
    """The instance in each node's place."""
    return INSTANCES.validate_json(_ask(instance, "GET", "/instances").content)


def follow_replacement(instance: Instance, leaving: CloudInstance, report: Report) -> CloudInstance | None:
    """Tell each step of `leaving`'s end until a new instance is ready in its place, and give that.

    None if it was called off. Raises ClusterError if the cloud stays silent for a minute.
    """
    told, heard = progress(leaving, leaving), time.monotonic()
    report(told)
    while True:
        try:
            now = next(each for each in instances(instance) if each.node == leaving.node)
            heard = time.monotonic()
        except CloudSilent:
            if time.monotonic() - heard > SILENCE_SECONDS:
                raise
            time.sleep(LOOK_SECONDS)
            continue
        replaced = now.instance_id != leaving.instance_id
        if (line := progress(now, leaving)) != told:
            report(line)
            told = line
        if replaced and now.state is State.RUNNING:
            return now
        if not replaced and now.alive and now.notice is None and not _ends_by_maintenance(now):
            return None
        time.sleep(LOOK_SECONDS)


def progress(now: CloudInstance, leaving: CloudInstance) -> str:
    """The line to print when the place of `leaving` looks like `now`."""
    node = now.node
    if now.instance_id != leaving.instance_id:
        if now.state is State.RUNNING:
            return f"{node}: replacement {now.instance_id} is Ready"
        return f"{node}: replacement {now.instance_id} is starting"
    if now.state is State.SHUTTING_DOWN:
        return f"{node}: {now.instance_id} killed; telling the cluster"
    if now.state is State.TERMINATED:
        return f"{node}: Node and its pods deleted; waiting for the replacement"
    if now.notice is None:
        return f"{node}: called off; {now.instance_id} stays"
    deadline = now.notice.deadline
    return f"{node}: {now.instance_id} ({now.life_cycle}) ends at {deadline.astimezone():%H:%M:%S}"


def describe(each: CloudInstance) -> str:
    """One line: node, instance, state, and what is announced."""
    words = [f"{each.node:14} {each.instance_id} {each.life_cycle:9} {each.zone} {each.state}"]
    if each.notice:
        words.append(
            f"{each.notice.action} ({each.notice.cause}) at {each.notice.deadline.astimezone():%H:%M:%S}"
        )
    if each.rebalance_at:
        words.append("rebalance recommended")
    words += [
        f"{event.code} at {event.not_before.astimezone():%Y-%m-%d %H:%M:%S}" for event in each.scheduled
    ]
    return "; ".join(words)


class CloudSilent(ClusterError):
    """Nobody answers on the control socket."""


def _ends_by_maintenance(now: CloudInstance) -> bool:
    return any(event.state == "active" and not event.code.reboots for event in now.maintenance)


def _order(instance: Instance, what: str, **fields: Any) -> CloudInstance:
    return CloudInstance.model_validate_json(_ask(instance, "POST", f"/{what}", fields).content)


def _ask(instance: Instance, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    transport = httpx.HTTPTransport(uds=str(control_socket(instance.state / "cloud")))
    try:
        with httpx.Client(transport=transport, base_url="http://cloud", timeout=TIMEOUT_SECONDS) as client:
            response = client.request(method, path, json=body)
    except httpx.TransportError as problem:
        raise CloudSilent(
            f"The stand-in cloud of {instance.name!r} does not answer. `make up` starts it again."
        ) from problem
    if response.is_error:
        message = (
            response.json()["error"] if "json" in response.headers.get("content-type", "") else response.text
        )
        raise ClusterError(message)
    return response
