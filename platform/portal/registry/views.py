"""/registry/token: the registry sends its clients here (distribution token and OAuth2 specifications)."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal.environment import environment
from portal.registry.grants import grant, parse_scopes
from portal.registry.logins import log_in
from portal.registry.signing import sign


@csrf_exempt
@require_http_methods(["GET", "POST"])
def token(request: HttpRequest) -> HttpResponse:
    """GET with Basic, or POST with `grant_type=password`; nobody gets a token without a login."""
    if request.method == "POST":
        if request.POST.get("grant_type") != "password":
            return JsonResponse({"error": "unsupported_grant_type"}, status=400)
        username, password = request.POST.get("username", ""), request.POST.get("password", "")
        service, scopes = request.POST.get("service", ""), request.POST.getlist("scope")
    else:
        username, password = _basic(request.headers.get("Authorization", ""))
        service, scopes = request.GET.get("service", ""), request.GET.getlist("scope")
    rights = log_in(username, password) if password else None
    if rights is None:
        return _refused()
    if service and service != environment().registry_service:
        return JsonResponse({"error": "invalid_request", "error_description": "unknown service"}, status=400)
    granted = grant(parse_scopes(scopes), rights)
    signed, seconds = sign(username, granted)
    answer = {
        "token": signed,
        "access_token": signed,
        "expires_in": seconds,
        "issued_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "scope": " ".join(f"{a.type}:{a.name}:{','.join(sorted(a.actions))}" for a in granted),
    }
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        username, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return username, password


def _refused() -> JsonResponse:
    error = {"code": "UNAUTHORIZED", "message": "unknown user name, or wrong password", "detail": None}
    return JsonResponse(
        {"errors": [error]}, status=401, headers={"WWW-Authenticate": 'Basic realm="madang-registry"'}
    )
