"""The language that this computer is set to, in which the portal shall tell why something was refused."""

import locale
import os
import re
import sys
from collections.abc import Mapping

_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MOST = 5


def accept_language() -> str:
    """The header's value (RFC 9110, section 12.5.4); empty when the computer names no language."""
    return header(os.environ, _of_windows())


def header(environment: Mapping[str, str], otherwise: str = "") -> str:
    """From the variables that GNU gettext looks at: LANGUAGE is a list, and counts unless the locale is C.

    otherwise: the locale when no variable names one.
    """
    named_by = ("LC_ALL", "LC_MESSAGES", "LANG")
    place = next(filter(None, (environment.get(name) for name in named_by)), otherwise)
    if place in ("", "C", "POSIX"):
        return ""
    named = [*environment.get("LANGUAGE", "").split(":"), place]
    tags = dict.fromkeys(tag for each in named if _TAG.fullmatch(tag := _tag(each)))
    wanted = list(tags)[:_MOST]
    return ", ".join(tag if not rank else f"{tag};q={1 - rank / 10:.1f}" for rank, tag in enumerate(wanted))


def _tag(name: str) -> str:
    """`ko_KR.UTF-8@modifier` as `ko-KR`."""
    return re.split(r"[.@]", name)[0].replace("_", "-")


def _of_windows() -> str:
    """Windows' display language as a locale, as no variable names it there; empty elsewhere."""
    if sys.platform != "win32":
        return ""
    import ctypes

    return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
