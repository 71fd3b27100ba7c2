from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.forms.models import model_to_dict
from django.utils import timezone

from portal.commands import OperatorCommand
from portal.environment import environment
from portal.fleet.listing import summaries, table
from portal.fleet.models import Interruption
from portal.fleet.moments import parse_moment
from portal.fleet.states import InterruptionState
from portal.fleet.timeline import story


class Command(OperatorCommand):
    help = (
        "List the nodes that were interrupted, newest first; `show ID` tells one interruption step by step."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--node", help="of this node only")
        parser.add_argument("--state", choices=InterruptionState.values)
        parser.add_argument("--since", type=_since, help="noticed since: 2h or 7d ago, 2026-11-25, …")
        parser.add_argument("--limit", type=_limit, default=50, help="how many at most (50)")
        parser.add_argument("--json", action="store_true", help="for programs")
        verbs = parser.add_subparsers(dest="verb", metavar="show ID")
        show = verbs.add_parser("show", help="one interruption, each pod and each step")
        show.add_argument("id", help="as the list gives it; its beginning is enough")
        # SUPPRESS: a default here would overwrite a --json before `show`.
        show.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="for programs")

    def run_from_argv(self, argv: list[str]) -> None:
        super().run_from_argv(with_verb(argv))

    def act(self, options: dict[str, Any]) -> None:
        if options["verb"] == "show":
            self._show(options["id"], options["json"])
        else:
            self._list(options)

    def _list(self, options: dict[str, Any]) -> None:
        given = {name: options[name] for name in ("node", "state", "since")}
        found = summaries(limit=options["limit"], **given)
        if options["json"]:
            self.stdout.write(_json([asdict(each) for each in found]))
        elif found:
            self.stdout.write("\n".join(table(found)))
            if len(found) == options["limit"]:
                self.stderr.write(f"The newest {len(found)}: --limit shows more.")
        else:
            self.stderr.write(_nothing(any(given.values())))

    def _show(self, id_: str, as_json: bool) -> None:
        interruption = _find(id_)
        pods = list(interruption.pods.all())
        if as_json:
            whole = {**model_to_dict(interruption), "received_at": interruption.received_at}
            told = [model_to_dict(pod, exclude=["id", "interruption"]) for pod in pods]
            self.stdout.write(_json({**whole, "pods": told}))
        else:
            self.stdout.write("\n".join(story(interruption, pods)))


def with_verb(argv: list[str]) -> list[str]:
    """`interruptions ID` means `interruptions show ID`."""
    program, command, *words = argv
    alone = words and not words[0].startswith("-") and words[0] != "show"
    return [program, command, "show", *words] if alone else argv


def _find(id_: str) -> Interruption:
    found = list(Interruption.objects.filter(pk__startswith=id_)[:6])
    exact = [each for each in found if each.pk == id_] or found
    if len(exact) == 1:
        return exact[0]
    if not exact:
        raise CommandError(f"There is no interruption {id_}.\nThose that there are: interruptions")
    names = ", ".join(each.pk for each in exact[:5]) + (", …" if len(exact) > 5 else "")
    raise CommandError(f"Several begin with {id_}: {names}.\nSay more of the one that you mean.")


def _nothing(filtered: bool) -> str:
    if filtered and Interruption.objects.exists():
        return "No interruption is like that. All of them: interruptions"
    if not environment().spot_report_keys:
        return (
            "No interruption was reported: the portal takes no reports without MADANG_SPOT_REPORT_KEY.\n"
            "docs/operators.md (Your own cluster) says how to make it."
        )
    return "No node was interrupted so far, as far as the spot handler has reported."


def _json(value: object) -> str:
    return json.dumps(value, default=lambda at: at.isoformat(), indent=2, ensure_ascii=False)


def _since(text: str) -> datetime:
    try:
        return parse_moment(text, timezone.now())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _limit(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 10_000:
        return int(text)
    raise argparse.ArgumentTypeError("a number from 1 to 10000")
