from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from portal.accounts import audit
from portal.accounts.links import LIFETIME, address_of, make_link
from portal.accounts.models import User
from portal.accounts.people import create_person, find_person
from portal.accounts.welcoming import has_been_here
from portal.commands import OperatorCommand
from portal.public_address import public_address


class Command(OperatorCommand):
    help = (
        "Make somebody an operator, who may do everything, and print a link that lets them in once to "
        "choose a password. Repeat it for a new link; who has a password already needs none (a lost one: "
        "“I forgot my password” on the page; a lost second step: another operator, at /admin)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="the person's name")

    @transaction.atomic
    def act(self, options: dict[str, Any]) -> None:
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(
                f"{email!r} is no e-mail address.\nWrite one such as mina@school.example."
            ) from error
        if User.objects.filter(email__iexact=email, is_active=False).exists():
            raise CommandError(
                f"The account of {email} is disabled.\nAn operator enables it at /operator/people; "
                "if there is none left, make one with another address."
            )
        user = find_person(email)
        if user is None:
            user = create_person(by=self.by, email=email, name=options["name"], operator=True)
        elif not user.is_superuser:
            user.is_superuser = True
            user.save(update_fields=["is_superuser"])
            audit.record(self.by, "make_operator", user=user.username)
        if has_been_here(user):
            self.stderr.write(
                f"{user.username} is an operator and signs in as before; a lost password: "
                f"{public_address('account_reset_password')}"
            )
            return
        _, token = make_link(by=self.by, user=user)
        self.stdout.write(address_of(token))
        self.stderr.write(f"{user.username} is an operator. The link works once, for {LIFETIME.days} days.")
