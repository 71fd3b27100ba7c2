"""What the management commands share: a refusal becomes three lines and exit code 1."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.principal import Principal, operator
from portal.clubs.models import Club
from portal.problems import Problem


class OperatorCommand(BaseCommand):
    """A command of the platform's operator; `act` does the work."""

    # Each worker has Django look at the code as it starts; here somebody waits, and it takes a second.
    requires_system_checks: list[str] = []

    @property
    def by(self) -> Principal:
        return operator(type(self).__module__.rpartition(".")[2])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.act(options)
        except Problem as error:
            raise CommandError("\n".join(error.explanation.lines())) from error

    def act(self, options: dict[str, Any]) -> None:
        raise NotImplementedError

    def club(self, slug: str) -> Club:
        found = Club.objects.filter(slug=slug).first()
        if found is None:
            known = ", ".join(Club.objects.values_list("slug", flat=True)[:20])
            raise CommandError(
                f"There is no club {slug}.\nThere are: {known or 'none'}. A new one: create_club {slug}"
            )
        return found
