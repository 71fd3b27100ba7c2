"""The one order that Madang itself may give the stand-in cloud, from a pod: a drill takes a spot node back.

It listens on the host's loopback; a gate leads there from the control plane's address, and the chart lets
only workers' pods pass to it. The token is one of the platform's secrets.
"""

import base64
import hmac
import json
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcluster.cloud.announcements import Refused, announce_reclaim
from localcluster.cloud.control import describe
from localcluster.cloud.keeper import Keeper
from localcluster.cloud.record import CloudInstance

NOTICE_SECONDS = 120.0
TOKEN = "MADANG_DRILL_TOKEN"  # noqa: S105 - the name of a secret
MOST_BYTES = 4096


class Drill(BaseModel):
    """The instance is named too: what has taken its node's place since is another one."""

    model_config = ConfigDict(extra="forbid")

    node: str
    instance_id: str

    def change(self, instance: CloudInstance, now: datetime) -> CloudInstance:
        if instance.instance_id != self.instance_id:
            raise Refused(
                f"{self.node} is {instance.instance_id} now, not {self.instance_id}: it was replaced."
            )
        if not instance.alive:
            raise Refused(f"{self.instance_id} has ended already.")
        return announce_reclaim(instance, now, NOTICE_SECONDS)


def door_application(
    keepers: Mapping[str, Keeper],
    token: Callable[[], str | None],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """POST /drill with the bearer token answers the instance and its deadline; ordered again, the same one.

    Without a token nothing opens it.
    """

    async def drill(request: Request) -> Response:
        wanted, given = token(), request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not wanted or not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
            return JSONResponse({"error": "The token is missing or another one."}, 401)
        try:
            order = Drill.model_validate_json((await request.body())[:MOST_BYTES])
            keeper = keepers.get(order.node)
            if keeper is None:
                raise Refused(f"There is no node {order.node!r}. Nodes: {', '.join(keepers)}.")
            changed = keeper.change(lambda instance: order.change(instance, clock()))
            if changed is None or changed.notice is None:
                raise Refused(f"{order.node} has not been started yet.")
        except ValidationError as problem:
            return JSONResponse({"error": describe(problem)}, 422)
        except Refused as refusal:
            return JSONResponse({"error": str(refusal)}, 409)
        deadline = changed.notice.deadline.isoformat()
        return JSONResponse({"instance_id": changed.instance_id, "deadline": deadline})

    return Starlette(routes=[Route("/drill", drill, methods=["POST"])])


def kept_token(secrets: Path) -> str | None:
    """The token as the installation keeps it (`install.secrets`); None before there is one."""
    try:
        data = json.loads(secrets.read_text())["data"]
        return base64.b64decode(data[TOKEN]).decode() or None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def listen_at_the_door(port: int) -> socket.socket:
    listener = socket.create_server(("127.0.0.1", port), backlog=16)
    listener.setblocking(False)
    return listener
