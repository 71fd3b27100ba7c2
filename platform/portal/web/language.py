"""The language that a page or the API answers in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils.translation import activate

from portal.languages import active, preferred


class Language(LocaleMiddleware):
    """What its reader chose on a page, else what Accept-Language asks for, as the git server reads it."""

    def process_request(self, request: HttpRequest) -> None:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        known = chosen in dict(settings.LANGUAGES)
        activate(chosen if known else preferred(request.headers.get("Accept-Language", "")))
        request.LANGUAGE_CODE = active()
