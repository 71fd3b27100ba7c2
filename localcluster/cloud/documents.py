"""What the metadata service answers for an instance, path by path, without tokens and without I/O.

The shapes are those of the EC2 instance metadata service, as the Amazon EC2 Metadata Mock gives them
(a test compares the two): text without a charset, JSON indented by tabs, error pages sent as plain text.
"""

import json
import platform
from dataclasses import dataclass, field
from datetime import datetime

from localcluster.cloud.record import Cause, CloudInstance, EventState, Maintenance, zulu

TEXT = "text/plain"
JSON = "application/json"
ARCHITECTURES = {"aarch64": "arm64"}

_PAGE = """<?xml version="1.0" encoding="{encoding}"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"{gap}"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
{indent}<head>
{indent}{step}<title>{title}</title>
{indent}</head>
{indent}<body>
{indent}{step}<h1>{title}</h1>
{indent}</body>
</html>
"""


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)


def answer(instance: CloudInstance, path: str) -> Answer:
    """The answer to an authorised GET of `path`, such as /latest/meta-data/instance-id."""
    path = path.rstrip("/")
    if not path:
        return Answer(200, TEXT, "latest\n")
    leaves = _leaves(instance)
    if path in leaves:
        value = leaves[path]
        if isinstance(value, str):
            return Answer(200, TEXT, value)
        return Answer(200, JSON, json.dumps(value, indent="\t"))
    below = sorted({_first(leaf.removeprefix(path + "/")) for leaf in leaves if leaf.startswith(path + "/")})
    if not below:
        return error(404)
    top = path in ("/latest", "/latest/meta-data", "/latest/dynamic")
    if path == "/latest":
        below = [name.rstrip("/") for name in below]
    return Answer(200, TEXT, "\n".join(below) + ("\n" if top else ""))


def error(status: int) -> Answer:
    """The page that EC2 sends with 400, 401, 404 and 405."""
    word = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"}[status]
    # The 404 page differs from the others in its white space; the mock copied that from the real service.
    spaces = (
        {"encoding": "iso-8859-1", "gap": "\n\t", "indent": " ", "step": " "}
        if status == 404
        else {"encoding": "UTF-8", "gap": " ", "indent": "   ", "step": "   "}
    )
    return Answer(
        status,
        f"{TEXT}; charset=utf-8",
        _PAGE.format(title=f"{status} - {word}", **spaces),
        {"X-Content-Type-Options": "nosniff"},
    )


def _first(rest: str) -> str:
    name, slash, _ = rest.partition("/")
    return name + slash


def _leaves(instance: CloudInstance) -> dict[str, object]:
    """Every path that has a value now: text, or what becomes JSON."""
    notice, meta = instance.notice, "/latest/meta-data"
    retiring = notice is not None and notice.cause is Cause.AUTO_SCALING
    leaves: dict[str, object] = {
        f"{meta}/autoscaling/target-lifecycle-state": "Terminated" if retiring else "InService",
        f"{meta}/events/maintenance/scheduled": [_event(each) for each in instance.maintenance],
        f"{meta}/hostname": instance.node,
        f"{meta}/instance-action": "none",
        f"{meta}/instance-id": instance.instance_id,
        f"{meta}/instance-life-cycle": instance.life_cycle.value,
        f"{meta}/instance-type": instance.instance_type,
        f"{meta}/local-hostname": instance.node,
        f"{meta}/local-ipv4": instance.address,
        f"{meta}/mac": instance.hardware_address,
        f"{meta}/placement/availability-zone": instance.zone,
        f"{meta}/placement/region": instance.region,
        "/latest/dynamic/instance-identity/document": _identity(instance),
    }
    if instance.rebalance_at:
        leaves[f"{meta}/events/recommendations/rebalance"] = {"noticeTime": zulu(instance.rebalance_at)}
    if notice and notice.cause is Cause.SPOT:
        end = zulu(notice.deadline)
        leaves[f"{meta}/spot/instance-action"] = {"action": notice.action.value, "time": end}
        leaves[f"{meta}/spot/termination-time"] = end
    return leaves


def _event(event: Maintenance) -> dict[str, str]:
    mark = {EventState.ACTIVE: "", EventState.COMPLETED: "[Completed] ", EventState.CANCELED: "[Canceled] "}
    return {
        "Code": event.code.value,
        "Description": f"{mark[event.state]}The instance is scheduled for {event.code.value}",
        "State": event.state.value,
        "EventId": event.event_id,
        "NotBefore": _day(event.not_before),
        "NotAfter": _day(event.not_after),
        "NotBeforeDeadline": _day(event.not_after),
    }


def _day(moment: datetime) -> str:
    """As scheduled events write it: 5 Jan 2026 09:10:11 GMT."""
    return f"{moment.day} {moment.strftime('%b %Y %H:%M:%S')} GMT"


def _identity(instance: CloudInstance) -> dict[str, str | None]:
    machine = platform.machine()
    return {
        "accountId": "000000000000",
        "imageId": "ami-00000000000000000",
        "availabilityZone": instance.zone,
        "ramdiskId": None,
        "kernelId": None,
        "devpayProductCodes": None,
        "marketplaceProductCodes": None,
        "version": "2017-09-30",
        "privateIp": instance.address,
        "billingProducts": None,
        "instanceId": instance.instance_id,
        "pendingTime": zulu(instance.launched_at),
        "architecture": ARCHITECTURES.get(machine, machine),
        "instanceType": instance.instance_type,
        "region": instance.region,
    }
