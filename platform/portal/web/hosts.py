"""Pages answer by their own names only, so that no other name gets into their links and mails."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.utils.deprecation import MiddlewareMixin

from portal.environment import environment

# For machines, which ask by address: probes, the registry's clients, the API.
_FOR_MACHINES = ("/healthz", "/readyz", "/registry/", "/api/")


class OwnHosts(MiddlewareMixin):
    """400 for a browser that came by another name, with the right address; the name is not repeated."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if request.path.startswith(_FOR_MACHINES):
            return None
        name, _ = split_domain_port(request.META.get("HTTP_HOST", request.META.get("SERVER_NAME", "")))
        if name in environment().page_host_names:
            return None
        return HttpResponse(
            f"This is not an address of Madang. Use {environment().public_url}\n",
            status=400,
            content_type="text/plain; charset=utf-8",
        )
