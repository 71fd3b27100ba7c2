from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from portal.accounts.models import ShownOnce
from portal.commands import OperatorCommand
from portal.encryption import rotate
from portal.mail.models import CaughtMail, OutgoingMail
from portal.notifications.models import Channel
from portal.projects.models import ConfigVar
from portal.releases.models import Release

# Of an authenticator app and of recovery codes (the last one's are several); passkeys keep no secret here.
_SECRETS_OF_FACTORS = ("secret", "seed", "migrated_codes")
_Kept = (
    type[ConfigVar] | type[Release] | type[OutgoingMail] | type[CaughtMail] | type[Channel] | type[ShownOnce]
)


class Command(OperatorCommand):
    help = (
        "Write all stored secrets anew under the first of MADANG_ENCRYPTION_KEYS. First put the new key in "
        "front of the old ones and restart the platform; after this command the old ones may go."
    )

    def act(self, options: dict[str, Any]) -> None:
        variables = _rotate(ConfigVar, "encrypted")
        releases = _rotate(Release, "encrypted_config")
        mails = _rotate(OutgoingMail, "encrypted_body", "encrypted_unsubscribe")
        mails += _rotate(CaughtMail, "encrypted_body")
        channels = _rotate(Channel, "encrypted_target", "encrypted_secret")
        _rotate(ShownOnce, "encrypted")
        self.stdout.write(
            f"Written anew: {variables} variables, the config of {releases} releases, {mails} mails, "
            f"{channels} notification channels, {_rotate_factors()} second factors."
        )


def _rotate(model: _Kept, *fields: str) -> int:
    count = 0
    for key in model._default_manager.values_list("pk", flat=True).iterator():
        with transaction.atomic():
            row = model._default_manager.select_for_update(no_key=True).filter(pk=key).first()
            # A row may be gone meanwhile, and a field empty: a mail that was sent keeps no body.
            stored = {field: getattr(row, field) for field in fields if row is not None}
            fresh = {field: rotate(value) for field, value in stored.items() if value}
            if fresh:
                model._default_manager.filter(pk=key).update(**fresh)
                count += 1
    return count


def _rotate_factors() -> int:
    count = 0
    for key in Authenticator.objects.values_list("pk", flat=True).iterator():
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update(no_key=True).filter(pk=key).first()
            data = factor.data if factor is not None else {}
            fresh = {name: _again(data[name]) for name in _SECRETS_OF_FACTORS if name in data}
            if fresh:
                Authenticator.objects.filter(pk=key).update(data={**data, **fresh})
                count += 1
    return count


def _again(stored: str | list[str]) -> str | list[str]:
    if isinstance(stored, list):
        return [rotate(each.encode()).decode() for each in stored]
    return rotate(stored.encode()).decode()
