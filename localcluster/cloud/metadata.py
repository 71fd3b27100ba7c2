"""One instance's metadata service as a web application: the token handshake (IMDSv2) and the documents."""

import time
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localcluster.cloud.documents import TEXT, Answer, answer, error
from localcluster.cloud.record import CloudInstance
from localcluster.cloud.tokens import Tokens, wanted_ttl_seconds

ADDRESS = "169.254.169.254"
PORT = 80
TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN_HEADER = "X-aws-ec2-metadata-token"  # noqa: S105  (a header's name)
METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]


def metadata_application(
    current: Callable[[], CloudInstance], clock: Callable[[], float] = time.time
) -> Starlette:
    """Serves whatever `current` gives at the moment of the request; `clock` in seconds since the epoch."""
    tokens = Tokens()

    async def token(request: Request) -> Response:
        if request.method != "PUT":
            return _send(error(405))
        ttl_seconds = wanted_ttl_seconds(request.headers.get(TTL_HEADER))
        if ttl_seconds is None:
            return _send(error(400))
        return _send(Answer(200, TEXT, tokens.issue(ttl_seconds, clock()), {TTL_HEADER: str(ttl_seconds)}))

    async def document(request: Request) -> Response:
        if not tokens.holds(request.headers.get(TOKEN_HEADER, ""), clock()):
            return _send(error(401))
        if request.method not in ("GET", "HEAD"):
            return _send(error(405))
        return _send(answer(current(), request.url.path))

    return Starlette(
        routes=[
            Route("/latest/api/token", token, methods=METHODS),
            Route("/{path:path}", document, methods=METHODS),
        ]
    )


def _send(reply: Answer) -> Response:
    return Response(reply.body, reply.status, {**reply.headers, "Content-Type": reply.content_type})
