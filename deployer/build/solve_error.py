"""What BuildKit's log says of a failed build: whose fault, at which line, and what to do.

BuildKit's plain progress numbers its steps ("#12 1.234 text", "#12 ERROR: …"), shows the Dockerfile around
the failed line ("Dockerfile:7"), and ends with one "error: failed to solve: …". Only that last line tells
the builder's own failures from words that a student's program printed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deployer.build import advice
from deployer.build.telling_lines import telling_lines
from deployer.errors import Explanation
from deployer.sentence import Sentence

SOLVE = re.compile(r"^(?:ERROR|error): (?:failed to solve: )?(.*)", re.DOTALL)
PLACE = re.compile(r"^(\S+):(\d+)$")
STEP_ERROR = re.compile(r"^#(\d+) ERROR: ")
PROCESS = re.compile(r'process "(.*)" did not complete successfully: (?:exit code: (\d+)|(.*))$')
# A whole word that names an image, looked at once from its beginning: tried at each of its slashes and colons
# a name of a thousand characters in FROM holds up a worker, and the leases of its other builds, for minutes.
NO_IMAGE = re.compile(
    r"(?<!\S)(?=docker\.io/\S|[^\s/]+/[^\s:]*:\S)(\S+): "
    r"(?:\S+: )?(?:not found|pull access denied|.*insufficient_scope)"
)
NO_FILE = re.compile(r'failed to (?:compute cache key|calculate checksum).*?"([^"]+)": not found')
PARSE = re.compile(r"dockerfile parse error(?: on line (\d+))?: (.*)")
# The registry or the mirror did not answer, or the daemon went away: nothing that a student wrote does this.
PLATFORM = re.compile(
    r"failed to push|failed to authorize|failed to fetch (?:anonymous|oauth) token|failed to do request"
    r"|failed to copy|failed commit on ref|unexpected status from (?:PUT|POST|HEAD|GET) request"
    r"|connection refused|i/o timeout|no such host|connection reset|TLS handshake timeout"
    r"|code = Unavailable|transport is closing|closing transport|failed to receive status|\bEOF\b"
    r"|failed to mount|failed to prepare|failed to create snapshot|runc run failed|OCI runtime"
)
# The way out to package registries is down; a proxy that refuses a host says 403, and that is another matter.
NO_PROXY = re.compile(
    r"Cannot connect to proxy|Could not connect to \S+ \(\d+\.\d+\.\d+\.\d+\)|Proxy CONNECT aborted"
    r"|proxyconnect tcp|tunneling socket could not be established|Unable to connect to .*proxy"
)
FULL = re.compile(r"no space left on device|disk quota exceeded")
# Where the templates build.
BUILT = "/app/"
EVIDENCE_LINES = 8


@dataclass(frozen=True)
class Blame:
    """`students` is False when the platform failed: try again."""

    students: bool
    explanation: Explanation


def explain(
    log: Sequence[str], base_images: Sequence[str], memory_bytes: int, *, own_dockerfile: bool = True
) -> Blame:
    """Whose failure a build that ended with exit code 1 is. `log` is its last lines, without time stamps.

    A Dockerfile that Madang wrote (not `own_dockerfile`) the student has never seen: it is not spoken of.
    """
    error = _last_error(log)
    place = _place(log) if own_dockerfile else None
    if process := PROCESS.search(error):
        if NO_PROXY.search("\n".join(_step_output(log))):
            return Blame(False, advice.registries_unreachable(_step_output(log)))
        return Blame(True, _step(log, process, place, memory_bytes))
    if FULL.search(error):
        return Blame(True, advice.disk_full("\n".join(_tail(log))))
    if found := NO_FILE.search(error):
        if not own_dockerfile and found[1].startswith(BUILT):
            return Blame(True, advice.no_pages(found[1].removeprefix(BUILT)))
        return Blame(True, advice.missing_file(found[1].lstrip("/"), place))
    if found := PARSE.search(error):
        return Blame(True, advice.bad_dockerfile(found[1] or (place and place[1]), found[2]))
    if (found := NO_IMAGE.search(error)) and not re.search(r"failed to push|failed to fetch", error):
        if not own_dockerfile:
            return Blame(True, advice.missing_version(found[1], base_images))
        return Blame(True, advice.missing_image(found[1], place, base_images))
    if PLATFORM.search(error):
        return Blame(
            False,
            Explanation(
                "builder-trouble",
                "Not your code: the builder could not do its work.",
                error[:500],
                "It is built again by itself.",
            ),
        )
    return Blame(
        True,
        Explanation(
            "build-failed",
            Sentence("Your build failed ({file} line {line}).", file=place[0], line=place[1])
            if place
            else "Your build failed.",
            error[:500] or "\n".join(_tail(log)),
            "Correct what the lines above name, commit and push again.",
        ),
    )


def _step(
    log: Sequence[str], process: re.Match[str], place: tuple[str, str] | None, memory: int
) -> Explanation:
    command = process[1].removeprefix("/bin/sh -c ")
    shown = command if len(command) <= 120 else command[:117] + "…"
    if process[2] == "137":
        return advice.out_of_memory(memory, shown)
    if process[2]:
        ended = Sentence("the step `{step}` ended with exit code {code}", step=shown, code=process[2])
    else:
        ended = Sentence("the step `{step}` failed: {problem}", step=shown, problem=process[3])
    output = _step_output(log)
    return Explanation(
        "step-failed",
        Sentence(
            "Your build stopped: {ended} ({file} line {line}).", ended=ended, file=place[0], line=place[1]
        )
        if place
        else Sentence("Your build stopped: {ended}.", ended=ended),
        "\n".join(telling_lines(output, EVIDENCE_LINES)),
        advice.hint("\n".join(output)),
    )


def _last_error(log: Sequence[str]) -> str:
    for line in reversed(log):
        if found := SOLVE.match(line):
            return found[1].strip()
    return ""


def _place(log: Sequence[str]) -> tuple[str, str] | None:
    """ "Dockerfile:7" above the excerpt that BuildKit shows."""
    for line, following in zip(reversed(log[:-1]), reversed(log[1:]), strict=True):
        if following.startswith("-----") and (found := PLACE.match(line)):
            return found[1], found[2]
    return None


def _step_output(log: Sequence[str]) -> list[str]:
    """What the failed step printed."""
    for line in reversed(log):
        if found := STEP_ERROR.match(line):
            output = re.compile(rf"^#{found[1]} \d+\.\d+ ?(.*)$")
            texts = [matched[1] for line in log if (matched := output.match(line))]
            return [text[:300] for text in texts if text.strip()]
    return _tail(log)


def _tail(log: Sequence[str]) -> list[str]:
    return [line for line in log if line.strip()][-EVIDENCE_LINES:]
