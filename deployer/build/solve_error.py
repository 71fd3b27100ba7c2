"""What BuildKit's log says of a failed build: whose fault, at which line, and what to do.

BuildKit's plain progress numbers its steps ("#12 1.234 text", "#12 ERROR: …"), shows the Dockerfile around
the failed line ("Dockerfile:7"), and ends with one "error: failed to solve: …". Only that last line tells
the builder's own failures from words that a student's program printed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from deployer.errors import Explanation

SOLVE = re.compile(r"^(?:ERROR|error): (?:failed to solve: )?(.*)", re.DOTALL)
PLACE = re.compile(r"^(\S+):(\d+)$")
STEP_ERROR = re.compile(r"^#(\d+) ERROR: ")
STEP_NAME = re.compile(r"^#(\d+) (\[.*?\] .*)$")
PROCESS = re.compile(r'process "(.*)" did not complete successfully: (?:exit code: (\d+)|(.*))$')
NO_IMAGE = re.compile(
    r"(?:failed to resolve source metadata for |^)?(docker\.io/\S+|\S+/\S+:\S+): "
    r"(?:\S+: )?(?:not found|pull access denied|.*insufficient_scope)"
)
NO_FILE = re.compile(r'failed to (?:compute cache key|calculate checksum).*?"([^"]+)": not found')
PARSE = re.compile(r"dockerfile parse error(?: on line (\d+))?: (.*)")
UNKNOWN_STAGE = re.compile(r"(?:invalid from flag value|failed to parse stage name|base name \(.*\)).*")
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
EVIDENCE_LINES = 8


@dataclass(frozen=True)
class Blame:
    """`students` is False when the platform failed: try again."""

    students: bool
    explanation: Explanation


def explain(log: Sequence[str], base_images: Sequence[str], memory_bytes: int) -> Blame:
    """Whose failure a build that ended with exit code 1 is. `log` is its last lines, without time stamps."""
    error = _last_error(log)
    place = _place(log)
    if process := PROCESS.search(error):
        if NO_PROXY.search("\n".join(_step_output(log))):
            return Blame(False, _no_registry(_step_output(log)))
        return Blame(True, _step(log, process, place, memory_bytes))
    if FULL.search(error):
        return Blame(True, disk_full("\n".join(_tail(log))))
    if found := NO_FILE.search(error):
        return Blame(True, _missing_file(found[1].lstrip("/"), place))
    if found := PARSE.search(error):
        return Blame(True, _bad_dockerfile(found[1] or (place and place[1]), found[2]))
    if (found := NO_IMAGE.search(error)) and not re.search(r"failed to push|failed to fetch", error):
        return Blame(True, _missing_image(found[1], place, base_images))
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
    where = f" ({place[0]} line {place[1]})" if place else ""
    return Blame(
        True,
        Explanation(
            "build-failed",
            f"Your build failed{where}.",
            error[:500] or "\n".join(_tail(log)),
            "Correct what the lines above name, commit and push again.",
        ),
    )


def out_of_memory(memory_bytes: int, step: str = "") -> Explanation:
    during = f" in the step {step}" if step else ""
    return Explanation(
        "out-of-memory",
        f"Your build needed more memory than the {memory_bytes >> 20} MiB it may use{during}.",
        "exit code 137 (killed)",
        "Let the build do less at once (fewer parallel jobs), or ask an operator for more memory.",
    )


def disk_full(evidence: str) -> Explanation:
    return Explanation(
        "disk-full",
        "Your build wrote more to disk than it may.",
        evidence,
        "Install fewer or smaller packages, and leave data out of the image (.dockerignore).",
    )


def _step(
    log: Sequence[str], process: re.Match[str], place: tuple[str, str] | None, memory: int
) -> Explanation:
    command = process[1].removeprefix("/bin/sh -c ")
    shown = command if len(command) <= 120 else command[:117] + "…"
    if process[2] == "137":
        return out_of_memory(memory, f"`{shown}`")
    where = f" ({place[0]} line {place[1]})" if place else ""
    ended = f"ended with exit code {process[2]}" if process[2] else f"failed: {process[3]}"
    output = _step_output(log)
    return Explanation(
        "step-failed",
        f"Your build stopped: the step `{shown}` {ended}{where}.",
        "\n".join(output[-EVIDENCE_LINES:]),
        _hint("\n".join(output)),
    )


def _no_registry(output: Sequence[str]) -> Explanation:
    return Explanation(
        "registries-unreachable",
        "Not your code: the package registries could not be reached.",
        "\n".join(output[-3:]),
        "It is built again by itself.",
    )


def _hint(output: str) -> str:
    """What to do about the failures that students meet most."""
    if found := re.search(
        r"No matching distribution found for (\S+)|Could not find a version .* requirement (\S+)", output
    ):
        return f"Check the name and version of {found[1] or found[2]} among your packages."
    if "package.json and package-lock.json" in output or ("npm ci" in output and "in sync" in output):
        return "Run `npm install`, commit package-lock.json and push again."
    if "frozen-lockfile" in output or "--immutable" in output or "needs to be updated" in output:
        return "Install again on your machine, commit the lock file and push again."
    if "Missing script:" in output:
        return "Add that script to package.json, or correct its name."
    if found := re.search(r"npm (?:ERR!|error) 404\s+'?([^'\s]+)'? is not in this registry", output):
        return f"Check the name of {found[1]} in package.json."
    if re.search(r"403 Filtered|Received HTTP code 403 from proxy|403 Forbidden.*proxy", output):
        return "A build reaches package registries only; ask an operator if it needs another address."
    if found := re.search(r"fatal error: (\S+\.h): No such file|error: command '?(gcc|cc)'? failed", output):
        return "A package needs a compiler or a system library: use a version with a wheel, or a Dockerfile."
    return "Correct what the lines above say, try it on your machine, commit and push again."


def _missing_image(image: str, place: tuple[str, str] | None, base_images: Sequence[str]) -> Explanation:
    name = image.removeprefix("docker.io/").removeprefix("library/")
    where = f"{place[0]} line {place[1]}" if place else "the Dockerfile's FROM line"
    family = name.split(":")[0]
    same = [known for known in base_images if known.split(":")[0] == family]
    close = difflib.get_close_matches(name, same or base_images, n=4, cutoff=0.0 if same else 0.5)
    if not base_images:
        advice = f"Correct the name or tag in {where}."
    else:
        advice = f"Use in {where} one of: {', '.join(close or base_images)}."
    return Explanation(
        "base-image-missing",
        f"There is no base image {name} here." if base_images else f"The base image {name} does not exist.",
        f"{where}: FROM {name}",
        advice,
    )


def _missing_file(path: str, place: tuple[str, str] | None) -> Explanation:
    where = f"{place[0]} line {place[1]}" if place else "the Dockerfile"
    return Explanation(
        "copied-file-missing",
        f"{where} copies {path}, and there is no such file in your commit.",
        "",
        f"Commit {path} (git add), or correct the path; see that .gitignore and .dockerignore let it in.",
    )


def _bad_dockerfile(line: str | None, said: str) -> Explanation:
    where = f"Dockerfile line {line}" if line else "the Dockerfile"
    return Explanation(
        "bad-dockerfile",
        f"{where[0].upper()}{where[1:]} cannot be understood.",
        said[:300],
        f"Correct {where}, commit and push again.",
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
