"""Showing a deploy while it happens, and ending with its exit code."""

from math import ceil
from types import TracebackType
from typing import Any

import typer

from madang.following import End, Entry, follow
from madang.output import as_json, hint, json_line, raw, say
from madang.portal import Portal
from madang.problem import INTERRUPTED_EXIT_CODE, Problem
from madang.progress import keep_sequence, read_sequence

_SECTION, _UNDER = "-----> ", "       "
_ENDINGS = {
    "succeeded": ("The deploy succeeded.", "green"),
    "failed": ("The deploy failed; what was live before serves on.", "red"),
    "cancelled": ("The deploy was cancelled.", "yellow"),
    "superseded": ("A newer deploy took the place of this one.", "yellow"),
}


class _Screen:
    """Prints entries and keeps how far they were read, also when the command is interrupted."""

    def __init__(self, url: str, stream: str, *, json: bool) -> None:
        self._url, self._stream, self._json = url, stream, json
        self._before: Entry | None = None
        self._why = ""

    def __enter__(self) -> "_Screen":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            keep_sequence(self._url, self._stream, self._before.sequence)

    def entry(self, entry: Entry) -> None:
        if self._json:
            json_line({"sequence": entry.sequence, "at": entry.at, "kind": entry.kind, "text": entry.text})
        else:
            self._show(entry)
        self._before = entry

    def _show(self, entry: Entry) -> None:
        """As `git push` shows it: the platform's words open a section, all else stands under it."""
        before = self._before
        same_breath = before is not None and (before.kind, before.at) == (entry.kind, entry.at)
        opens = entry.kind == "platform" and not same_breath and not entry.text.startswith((" ", "\t"))
        raw(f"{_SECTION if opens else _UNDER}{entry.text}", "bold" if opens else "")

    def waits(self, why: str) -> None:
        """The build waits for its turn; said again only when the reason is another."""
        if why != self._why:
            hint(f"madang: {why}")
        self._why = why

    def lost(self, reason: str, wait_seconds: float) -> None:
        hint(f"madang: connection lost ({reason}); again in {ceil(wait_seconds)} s")

    def back(self) -> None:
        hint("madang: connected again")


def show(portal: Portal, answer: dict[str, Any], *, what: str, begun: str, detach: bool, json: bool) -> None:
    """Shows the deploy that `answer` tells of, or leaves it to `madang attach`. `what` names it."""
    if detach:
        as_json(answer) if json else say(f"{what} is on its way: madang attach")
        return
    if not json:
        say(begun)
    watch(portal, str(answer["stream"]), json=json)


def watch(portal: Portal, stream: str, *, after: int | None = None, json: bool = False) -> None:
    """Shows a stream from where it was left (or behind `after`) to its end. Raises Exit with its code."""
    start = read_sequence(portal.url, stream) if after is None else after
    with _Screen(portal.url, stream, json=json) as screen:
        try:
            end = follow(
                lambda sequence: portal.stream(f"/streams/{stream}", after=sequence),
                screen,
                after=start,
                pause=portal.pause,
            )
        except KeyboardInterrupt as error:
            raise Problem(
                what="Stopped watching. The deploy itself goes on.",
                next=f"Resume: madang attach --stream {stream}\nEnd it: madang cancel",
                exit_code=INTERRUPTED_EXIT_CODE,
                reason="interrupted",
            ) from error
    _finish(end, json=json)


def _finish(end: End, *, json: bool) -> None:
    if json:
        json_line({"end": {"state": end.state, "exit_code": end.exit_code}})
    else:
        text, style = _ENDINGS.get(end.state, (f"The deploy ended: {end.state}.", "yellow"))
        say(text, style)
    raise typer.Exit(end.exit_code)
