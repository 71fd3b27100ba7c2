"""What visitors stay with: an answer that takes a minute, and a conversation that goes on."""

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


async def home(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Hello, visitor, version 1\n")


async def slow(request: Request) -> PlainTextResponse:
    await asyncio.sleep(min(float(request.query_params.get("seconds", "60")), 300))
    return PlainTextResponse("done\n")


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


app = Starlette(routes=[Route("/", home), Route("/slow", slow), WebSocketRoute("/talk", talk)])
