from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from portal.commands import OperatorCommand
from portal.mail.models import CaughtMail
from portal.mail.selectors import caught


class Command(OperatorCommand):
    help = (
        "List the mails that went nowhere because no mail server is set (MADANG_EMAIL_URL), the newest "
        "first; with a number, print that one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", nargs="?", type=int, help="of the mail to print")
        parser.add_argument("--to", default="", metavar="ADDRESS", help="to this person only")
        parser.add_argument("--limit", type=int, default=20, help="how many (%(default)s)")
        parser.add_argument("--json", action="store_true", help="print JSON, with the whole texts")

    def act(self, options: dict[str, Any]) -> None:
        mails = caught(options["to"])
        if options["number"] is not None:
            mails = mails.filter(pk=options["number"])
            if not mails.exists():
                raise CommandError(f"No mail {options['number']} was caught.\nList them: mail")
        found = list(mails[: max(options["limit"], 0)])
        if options["json"]:
            self.stdout.write(json.dumps([_whole(mail) for mail in found], ensure_ascii=False, indent=2))
        elif options["number"] is not None:
            self._print(found[0])
        else:
            for mail in found:
                self.stdout.write(
                    f"{mail.pk}  {mail.caught_at:%Y-%m-%d %H:%M}  {mail.recipient}  {mail.subject}"
                )

    def _print(self, mail: CaughtMail) -> None:
        self.stdout.write(f"From: {mail.sender}\nTo: {mail.recipient}\nDate: {mail.caught_at.isoformat()}")
        self.stdout.write(f"Subject: {mail.subject}\n\n{mail.body}")


def _whole(mail: CaughtMail) -> dict[str, object]:
    return {
        "number": mail.pk,
        "at": mail.caught_at.isoformat(),
        "from": mail.sender,
        "to": mail.recipient,
        "subject": mail.subject,
        "language": mail.language,
        "body": mail.body,
    }
