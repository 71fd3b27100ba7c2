"""WhiteNoise for an event loop: static files, without a thread for each request that wants none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(WhiteNoiseMiddleware):
    """Files are read whole: they are small, and an event loop cannot wait for a file piece by piece."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        self._in_loop = iscoroutinefunction(get_response)
        if self._in_loop:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._in_loop:
            return self._answer_in_loop(request)
        found = self._found(request)
        return found if found is not None else self.get_response(request)

    async def _answer_in_loop(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(self.static_prefix):
            found = await sync_to_async(self._found, thread_sensitive=False)(request)
            if found is not None:
                return found
        answer: HttpResponseBase = await self.get_response(request)
        return answer

    def _found(self, request: HttpRequest) -> HttpResponse | None:
        if not request.path_info.startswith(self.static_prefix):
            return None
        path = request.path_info
        file = self.find_file(path) if self.autorefresh else self.files.get(path)
        if file is None:
            return None
        answer = file.get_response(request.method, request.META)
        content = b""
        if answer.file is not None:
            with answer.file as opened:
                content = opened.read()
        response = HttpResponse(content, status=int(answer.status))
        del response["Content-Type"]
        for name, value in answer.headers:
            response[name] = value
        return response
