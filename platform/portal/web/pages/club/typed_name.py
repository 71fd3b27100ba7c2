"""What cannot be done by a slip of the hand: the club's short name is typed first."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.clubs.models import Club
from portal.web.pages.club.fields import TO_THE_LETTER


class TypedNameForm(forms.Form):
    """`typed` has to be the club's short name."""

    typed = forms.CharField(
        label=gettext_lazy("Type the short name of the club to confirm"),
        max_length=100,
        widget=forms.TextInput(attrs=TO_THE_LETTER),
    )

    def confirms(self, club: Club) -> bool:
        if not self.is_valid():
            return False
        if self.cleaned_data["typed"].strip() != club.slug:
            self.add_error("typed", _("This is not %(slug)s.") % {"slug": club.slug})
            return False
        return True
