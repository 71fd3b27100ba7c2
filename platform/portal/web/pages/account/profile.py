"""`/account`: a person's name, language and colours."""

from __future__ import annotations

from typing import cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_http_methods

from portal.accounts.actions import set_profile
from portal.accounts.models import User
from portal.accounts.models.user import Theme
from portal.web.pages.front.preferences import remember_language, remember_theme
from portal.web.plain_name import plain_name
from portal.web.request import PageRequest


class ProfileForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=150, strip=True)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("As the browser asks")), *settings.LANGUAGES],
        required=False,
        help_text=gettext_lazy("Mails come in this language too."),
    )
    theme = forms.ChoiceField(
        label=gettext_lazy("Colours"),
        choices=[
            (Theme.SYSTEM, gettext_lazy("Like the device")),
            (Theme.LIGHT, gettext_lazy("Light")),
            (Theme.DARK, gettext_lazy("Dark")),
        ],
    )

    def clean_name(self) -> str:
        return plain_name(self.cleaned_data["name"])


@require_http_methods(["GET", "POST"])
def profile(request: PageRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = ProfileForm(
        request.POST or None,
        initial={"name": user.get_full_name(), "language": user.language, "theme": user.theme},
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        set_profile(by=request.by, user=user, **chosen)
        response = redirect("account-profile")
        remember_language(response, chosen["language"])
        remember_theme(response, chosen["theme"])
        with override(chosen["language"] or None):
            messages.success(request, _("Saved."))
        return response
    return render(request, "web/account/profile.html", {"form": form}, status=422 if form.errors else 200)
