"""The stand-in cloud's own interface: JSON over HTTP on a socket file that only root may open."""

import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcluster.cloud.announcements import (
    Refused,
    announce_reclaim,
    announce_termination,
    call_off,
    put_off_maintenance,
    recommend_rebalance,
    schedule_maintenance,
)
from localcluster.cloud.keeper import Keeper
from localcluster.cloud.record import Action, CloudInstance, EventCode, new_event_id
from localcluster.cloud.spans import LONGEST_NOTICE_SECONDS, LONGEST_PLAN_SECONDS
from localcluster.errors import ClusterError

SOCKET_FILE = "control.sock"
SOCKET_PATH_BYTES = 107
DAY_SECONDS = 86_400
INSTANCES = TypeAdapter(list[CloudInstance])


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")

    node: str

    def change(self, instance: CloudInstance, now: datetime) -> CloudInstance:
        raise NotImplementedError


class Reclaim(_Order):
    """The spot market takes the node back."""

    notice_seconds: float = Field(default=120, ge=0, le=LONGEST_NOTICE_SECONDS)
    action: Action = Action.TERMINATE

    def change(self, instance: CloudInstance, now: datetime) -> CloudInstance:
        return announce_reclaim(instance, now, self.notice_seconds, self.action)


class Terminate(_Order):
    """The Auto Scaling group takes the node out."""

    notice_seconds: float = Field(default=0, ge=0, le=LONGEST_NOTICE_SECONDS)

    def change(self, instance: CloudInstance, now: datetime) -> CloudInstance:
        return announce_termination(instance, now, self.notice_seconds)


class Rebalance(_Order):
    """The node is at elevated risk."""

    def change(self, instance: CloudInstance, now: datetime) -> CloudInstance:
        return recommend_rebalance(instance, now)


class Maintain(_Order):
    """The node is to be rebooted, stopped or retired."""

    code: EventCode = EventCode.SYSTEM_REBOOT
    in_seconds: float = Field(default=DAY_SECONDS, ge=0, le=LONGEST_PLAN_SECONDS)
    event_id: str = Field(default_factory=new_event_id, pattern=r"^instance-event-[0-9a-f]{17}$")

    def change(self, instance: CloudInstance, now: datetime) -> CloudInstance:
        return schedule_maintenance(instance, now, self.event_id, self.code, self.in_seconds)


class PutOff(_Order):
    """What is scheduled for the node comes later."""

    in_seconds: float = Field(default=DAY_SECONDS, ge=0, le=LONGEST_PLAN_SECONDS)
    code: EventCode | None = None

    def change(self, instance: CloudInstance, now: datetime) -> CloudInstance:
        return put_off_maintenance(instance, now, self.in_seconds, self.code)


class Cancel(_Order):
    """All that is announced for the node is called off."""

    def change(self, instance: CloudInstance, now: datetime) -> CloudInstance:
        return call_off(instance)


ORDERS: dict[
    Literal["reclaim", "terminate", "rebalance", "maintenance", "put-off", "cancel"], type[_Order]
] = {
    "reclaim": Reclaim,
    "terminate": Terminate,
    "rebalance": Rebalance,
    "maintenance": Maintain,
    "put-off": PutOff,
    "cancel": Cancel,
}


def control_application(
    keepers: Mapping[str, Keeper], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Starlette:
    """POST /ORDER with the order's fields answers the changed instance; GET /instances lists them all."""

    async def instances(request: Request) -> Response:
        records = [keeper.record for keeper in keepers.values() if keeper.record]
        return _json(INSTANCES.dump_json(records))

    def order(kind: type[_Order]) -> Route:
        async def handle(request: Request) -> Response:
            try:
                wanted = kind.model_validate_json(await request.body())
                keeper = keepers.get(wanted.node)
                if keeper is None:
                    raise Refused(f"There is no node {wanted.node!r}. Nodes: {', '.join(keepers)}.")
                changed = keeper.change(lambda instance: wanted.change(instance, clock()))
                if changed is None:
                    raise Refused(f"{wanted.node} has not been started yet. Wait until the cluster is up.")
            except ValidationError as problem:
                return JSONResponse({"error": describe(problem)}, 422)
            except Refused as refusal:
                return JSONResponse({"error": str(refusal)}, 409)
            return _json(changed.model_dump_json())

        return Route(f"/{next(k for k, v in ORDERS.items() if v is kind)}", handle, methods=["POST"])

    return Starlette(
        routes=[Route("/instances", instances, methods=["GET"]), *(order(kind) for kind in ORDERS.values())]
    )


def control_socket(folder: Path) -> Path:
    """The control socket of a cloud with its state in `folder`. Raises ClusterError on too long a path."""
    path = folder / SOCKET_FILE
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES:
        raise ClusterError(
            f"{path} is too long for a socket file ({SOCKET_PATH_BYTES} bytes at most). "
            "Set a shorter MADANG_STATE."
        )
    return path


def listen_for_orders(folder: Path) -> socket.socket:
    """The listening control socket, readable and writable by its owner only."""
    path = control_socket(folder)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(16)
    listener.setblocking(False)
    return listener


def describe(problem: ValidationError) -> str:
    """One line a wrong field."""
    return "\n".join(
        f"{'.'.join(map(str, each['loc'])) or 'the order'}: {each['msg']}" for each in problem.errors()
    )


def _json(body: str | bytes) -> Response:
    return Response(body, media_type="application/json")
