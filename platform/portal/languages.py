"""Which of our languages somebody is told in."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import get_language, get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header


def preferred(accept_language: str) -> str:
    """What an Accept-Language asks for (RFC 9110, section 12.5.4).

    English for what we do not speak, for `*`, and for what is no list of languages. A language with `q=0` is
    refused by who asks, which Django's own reading of the header does not know.
    """
    for language, quality in parse_accept_lang_header(accept_language):
        if language == "*":
            break
        if quality > 0:
            try:
                return get_supported_language_variant(language)
            except LookupError:
                continue
    return settings.LANGUAGE_CODE


def active() -> str:
    """The one that texts are told in at this moment."""
    return get_language() or settings.LANGUAGE_CODE
