"""Which archives this machine's apt uses for a Debian suite, in either of apt's two formats."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_LISTS = Path("/etc/apt")


def machine_entries(suite: str, lists: Path = _LISTS) -> tuple[str, ...]:
    """Lines "deb URI SUITE COMPONENT…" for `suite` and its -updates and -security.

    Empty where this machine's apt serves another distribution: mmdebstrap then knows Debian's own.
    """
    wanted = {suite, f"{suite}-updates", f"{suite}-security"}
    files = [lists / "sources.list", *sorted((lists / "sources.list.d").glob("*"))]
    found = dict.fromkeys(entry for file in files if file.is_file() for entry in entries(file.read_text()))
    kept = [(uri, name, parts) for uri, name, parts in found if name in wanted and "main" in parts]
    if not any(name == suite for _, name, _ in kept):
        return ()
    return tuple(f"deb {uri} {name} main" for uri, name, _ in kept)


def entries(text: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(URI, suite, components) of each entry for binary packages."""
    one_line = [line for line in text.splitlines() if re.match(r"\s*deb\s", line)]
    if one_line:
        for line in one_line:
            bare = re.sub(r"\[[^]]*\]", "", line.partition("#")[0]).split()
            if len(bare) >= 3:
                yield bare[1], bare[2], tuple(bare[3:])
        return
    for stanza in re.split(r"\n\s*\n", "\n".join(_without_comments(text.splitlines()))):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield uri, suite, tuple(fields.get("components", "").split())


def _without_comments(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if not line.startswith("#"))


def _fields(stanza: str) -> dict[str, str]:
    """A deb822 stanza's fields; a line that begins with a space goes on with the field above."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1].isspace():
            fields[name] = f"{fields.get(name, '')} {line.strip()}"
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields
