"""The application's fields, each told what is wrong with it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.projects.names import CLUB_LENGTH
from portal.signups.application import Application, name_taken, name_taken_next, told
from portal.signups.models import SignupRequest, Size
from portal.signups.names import Verdict, name_is_taken, verdict
from portal.web.plain_name import plain_name

MOST_MEMBERS = 10_000


class ApplyForm(forms.Form):
    """`but` is the request that is amended: its names are its own."""

    club_name = forms.CharField(
        label=gettext_lazy("Name of the club"), min_length=2, max_length=100, widget=forms.TextInput()
    )
    slug = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=CLUB_LENGTH,
        help_text=gettext_lazy("It stands in addresses and cannot be changed later: a-z, 0-9 and hyphens."),
        widget=forms.TextInput(
            attrs={"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false", "maxlength": 30}
        ),
    )
    person = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("Your school e-mail address"),
        max_length=254,
        help_text=gettext_lazy("We send you a link there; the club will be yours."),
    )
    members = forms.IntegerField(
        label=gettext_lazy("How many members are you?"), min_value=1, max_value=MOST_MEMBERS, initial=10
    )
    purpose = forms.CharField(
        label=gettext_lazy("What will you build?"),
        min_length=10,
        max_length=2000,
        help_text=gettext_lazy("A sentence or two. An operator reads it."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    size = forms.ChoiceField(
        label=gettext_lazy("What do you expect?"), choices=Size.choices, initial=Size.SMALL.value
    )

    def __init__(self, *args: Any, but: SignupRequest | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._but = but
        if but is not None:
            self.fields["email"].disabled = True
            self.fields["email"].help_text = _("It stays as it is.")

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"])
        found = verdict(slug, but=self._but.pk if self._but else None)
        if found is not Verdict.FREE:
            raise ValidationError(told(found, slug))
        return slug

    def clean_club_name(self) -> str:
        name = plain_name(self.cleaned_data["club_name"])
        if name_is_taken(name, but=self._but.pk if self._but else None):
            raise ValidationError(f"{name_taken()} {name_taken_next()}")
        return name

    def clean_person(self) -> str:
        return plain_name(self.cleaned_data["person"])

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_purpose(self) -> str:
        return str(self.cleaned_data["purpose"]).replace("\r\n", "\n")

    @property
    def application(self) -> Application:
        """Of a form that is valid."""
        return Application(**{name: self.cleaned_data[name] for name in Application.__dataclass_fields__})
