"""API v1: routers put together, and every refusal in one form."""

from __future__ import annotations

import logging
from uuid import uuid4

from django.core.exceptions import RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from deployer.errors import DeployerError, Explanation
from deployer.sentence import Sentence
from portal.api import builds, config, fleet, identity, keys, logs, projects, refusals, releases, streams
from portal.api.authentication import KeyBearer
from portal.problems import Limited, Problem, not_found, problem, unauthorized

logger = logging.getLogger(__name__)

api = refusals.DocumentedApi(
    title="Madang",
    version="1",
    description="Everything that the `madang` command does. Lists come newest first (projects and keys by "
    "name and age); `limit` and `after` page through them, and the header `Link: <…>; rel=next` names the "
    "next page. What people read comes in the language of `Accept-Language` (`ko` or `en`); what programs "
    "read does not change with it. A refusal is problem+json (RFC 9457) with `error: {reason, what, "
    "evidence, next}`; 429 says by `action` what was done too often and by `Retry-After` when the same works "
    "again.",
    auth=KeyBearer(),
    urls_namespace="api-v1",
)
for router in (identity, projects, releases, config, builds, streams, logs, keys, fleet):
    api.add_router("", router.router)


def _answer(request: HttpRequest, status: int, explanation: Explanation) -> HttpResponse:
    response = api.create_response(request, refusals.body(status, explanation), status=status)
    response["Content-Type"] = refusals.CONTENT_TYPE
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Madang"'
    return response


@api.exception_handler(Limited)
def on_too_often(request: HttpRequest, error: Limited) -> HttpResponse:
    response = api.create_response(request, refusals.limited_body(error), status=error.status)
    response["Content-Type"] = refusals.CONTENT_TYPE
    response["Retry-After"] = str(error.retry_after_seconds)
    return response


@api.exception_handler(Problem)
def on_problem(request: HttpRequest, error: Problem) -> HttpResponse:
    return _answer(request, error.status, error.explanation)


@api.exception_handler(DeployerError)
def on_cluster_trouble(request: HttpRequest, error: DeployerError) -> HttpResponse:
    logger.warning("the cluster refused", extra={"explanation": error.explanation.to_dict()})
    return _answer(request, 503, error.explanation)


@api.exception_handler(AuthenticationError)
def on_unauthorized(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return _answer(request, 401, unauthorized().explanation)


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    # Only where and what is wrong: the given value may be a secret.
    evidence = "\n".join(
        f"{'.'.join(str(part) for part in each.get('loc', ()))}: {each.get('msg', '')}"
        for each in error.errors
    )
    refused = problem(
        422, "bad-request", "The request is not understood.", "Compare it with /api/v1/docs.", evidence
    )
    return _answer(request, 422, refused.explanation)


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    refused = problem(
        error.status_code,
        f"http-{error.status_code}",
        "The request is not understood.",
        "Compare it with /api/v1/docs.",
        str(error),
    )
    return _answer(request, refused.status, refused.explanation)


@api.exception_handler(DataError)
@api.exception_handler(UnicodeEncodeError)
def on_unstorable(request: HttpRequest, error: Exception) -> HttpResponse:
    """A NUL where a name stands, or half a pair of surrogates: no text that can be kept."""
    logger.info("a request held what cannot be stored", extra={"path": request.path})
    refused = problem(
        422,
        "bad-text",
        "The request holds characters that are no text.",
        "Take out control characters, and send UTF-8.",
    )
    return _answer(request, 422, refused.explanation)


@api.exception_handler(RequestDataTooBig)
def on_too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    refused = problem(413, "too-large", "The request is too large.", "Send less at once.")
    return _answer(request, 413, refused.explanation)


@api.exception_handler(Http404)
def on_missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return _answer(request, 404, not_found(Sentence("such thing")).explanation)


@api.exception_handler(Exception)
def on_mistake(request: HttpRequest, error: Exception) -> HttpResponse:
    reference = uuid4().hex[:12]
    logger.error("request failed", exc_info=error, extra={"reference": reference, "path": request.path})
    refused = problem(
        500,
        "internal-error",
        "The platform made a mistake of its own.",
        Sentence(
            "Try again in a minute; if it stays so, tell the operator: {reference}.", reference=reference
        ),
    )
    return _answer(request, 500, refused.explanation)
