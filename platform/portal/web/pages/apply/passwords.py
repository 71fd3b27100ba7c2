"""The first password of an account."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import SetPasswordForm
from django.utils.translation import gettext_lazy

from portal.accounts.models import User


class PasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # it takes no argument at run time
    """Typed twice; the rules in one sentence instead of Django's list."""

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(user, data)
        first, second = self.fields["new_password1"], self.fields["new_password2"]
        first.label, second.label = gettext_lazy("A password"), gettext_lazy("The password again")
        first.help_text = gettext_lazy(
            "At least 8 characters, not only digits, and nothing that many use or that is known of you."
        )
        second.help_text = ""
