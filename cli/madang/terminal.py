"""What others have written, safe for a terminal: colours stay, what moves the cursor goes."""

import re

_ESCAPES = re.compile(r"\x1b(?!\[[0-9;]*m)(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_]?)")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ALL_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str, *, colours: bool) -> str:
    """One line; of one that was overwritten (a progress bar) only its last state."""
    last = next((part for part in reversed(text.rstrip("\r\n").split("\r")) if part.strip()), "")
    last = _CONTROLS.sub("", _ESCAPES.sub("", last)).expandtabs(4).rstrip()
    if not colours:
        return _COLOURS.sub("", last)
    return f"{last}\x1b[0m" if "\x1b[" in last else last


def harmless(text: str) -> str:
    """Any text with words of others in it: lines and tabs stay, and nothing else that a terminal obeys."""
    return _ALL_BUT_LINES.sub("", _COLOURS.sub("", _ESCAPES.sub("", text)))
