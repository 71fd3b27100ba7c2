"""The few lines of a failed step's output that tell why: tools end with stacks, help and farewells. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# npm writes it before every line of its report, also before what a package's own script printed.
PREFIX = re.compile(r"npm (?:error|ERR!) ?(?:gyp ERR! stack )?")
# npm ends a misused command with eighty lines on its options.
USAGE = re.compile(r"npm (?:error|ERR!) Usage:")
# What tools say around an error, whatever it is: npm, pip, Maven, Gradle.
NOISE = re.compile(
    r"\s*(?:npm notice|A complete log of this run|Node\.js v\d|gyp ERR! (?:System|command|cwd|node|not ok)"
    r"|\[end of output\]|note: This (?:error originates|is an issue)|error: metadata-generation-failed"
    r"|error: subprocess-exited-with-error|╰─> See above|× Encountered error while|hint: See above|\[notice\]"
    r"|\[INFO\]|\[ERROR\] *(?:$|(?:-> )?\[Help \d|To see the full|Re-run Maven|For more information)"
    r"|\* Try:|> (?:Run with --|Get more help)|FAILURE: Build failed|BUILD FAILED in|\d+ actionable task)"
)
ERROR = re.compile(
    r"\W*(?:[\w.$]*(?:Error|Exception)\b|(?:fatal )?error\b|ERROR\b|E: |fatal: |panic: |make.*: \*\*\* )"
    # A place in a file, as compilers name it: main.go:2:15: …, src/index.ts(3,7): …
    r"|\S+[:(]\d+(?:[:,]\d+)?\)?: \S"
)
CALL = re.compile(r"\s+at \S.*[):\d{]$")
PYTHON_CALL = re.compile(r'(\s*)File "[^"]*", line \d+')
# Of a Python stack, which ends with the innermost call.
_LAST_CALLS = 2
# Shown beside an error that is further back, as it may be one that did not matter.
_LAST_WORDS = 3


def telling_lines(output: Sequence[str], most: int) -> list[str]:
    """At most `most` lines: the last that say something; if none of them is an error, the last error too.

    Of a stack only the innermost calls count.
    """
    lines = _without_usage([COLOURS.sub("", line) for line in output])
    said = [line for line in lines if line.strip() and not NOISE.match(line)]
    told = list(_python_shortened(list(_shortened(said))))
    errors = [place for place, line in enumerate(told) if ERROR.match(line)]
    if errors and errors[-1] < len(told) - most:
        return told[errors[-1] :][: most - _LAST_WORDS] + told[-_LAST_WORDS:]
    return told[-most:]


def _without_usage(lines: Sequence[str]) -> Iterator[str]:
    """Without npm's words on a command's options, and its prefix."""
    usage = False
    for line in lines:
        prefix = PREFIX.match(line)
        usage = bool(prefix) and (usage or bool(USAGE.match(line)))
        if not usage:
            yield line[prefix.end() :] if prefix else line


def _shortened(lines: Sequence[str]) -> Iterator[str]:
    """JavaScript's and Java's stacks begin with the innermost call: the first one stays."""
    inside = False
    for line in lines:
        called = bool(CALL.match(line))
        if not (called and inside):
            yield line
        inside = called


def _python_shortened(lines: Sequence[str]) -> Iterator[str]:
    """A call is its File line and what is indented deeper: the source, and what marks it."""
    calls: list[list[str]] = []
    indent = ""
    for line in lines:
        if found := PYTHON_CALL.match(line):
            calls.append([line])
            indent = found[1]
        elif calls and line.startswith(indent + " "):
            calls[-1].append(line)
        elif calls and line.strip().startswith("[Previous line repeated"):
            continue
        else:
            yield from (part for call in calls[-_LAST_CALLS:] for part in call)
            calls = []
            yield line
    yield from (part for call in calls[-_LAST_CALLS:] for part in call)
