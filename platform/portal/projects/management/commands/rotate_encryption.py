from __future__ import annotations

from typing import Any

from django.db import transaction

from portal.commands import OperatorCommand
from portal.encryption import rotate
from portal.mail.models import CaughtMail, OutgoingMail
from portal.projects.models import ConfigVar
from portal.releases.models import Release


class Command(OperatorCommand):
    help = (
        "Write all stored secrets anew under the first of MADANG_ENCRYPTION_KEYS. First put the new key in "
        "front of the old ones and restart the platform; after this command the old ones may go."
    )

    def act(self, options: dict[str, Any]) -> None:
        variables, releases = 0, 0
        for key in ConfigVar.objects.values_list("pk", flat=True).iterator():
            with transaction.atomic():
                var = ConfigVar.objects.select_for_update().filter(pk=key).first()
                if var is not None:
                    ConfigVar.objects.filter(pk=key).update(encrypted=rotate(var.encrypted))
                    variables += 1
        for key in Release.objects.values_list("pk", flat=True).iterator():
            with transaction.atomic():
                release = Release.objects.select_for_update(no_key=True).filter(pk=key).first()
                if release is not None:
                    Release.objects.filter(pk=key).update(encrypted_config=rotate(release.encrypted_config))
                    releases += 1
        mails = _rotate_mails(OutgoingMail) + _rotate_mails(CaughtMail)
        self.stdout.write(
            f"Written anew: {variables} variables, the config of {releases} releases, {mails} mails."
        )


def _rotate_mails(model: type[OutgoingMail] | type[CaughtMail]) -> int:
    count = 0
    for key in model._default_manager.exclude(encrypted_body=b"").values_list("pk", flat=True).iterator():
        with transaction.atomic():
            mail = model._default_manager.select_for_update(no_key=True).filter(pk=key).first()
            if mail is not None and mail.encrypted_body:
                model._default_manager.filter(pk=key).update(encrypted_body=rotate(mail.encrypted_body))
                count += 1
    return count
