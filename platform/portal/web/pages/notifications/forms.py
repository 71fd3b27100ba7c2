"""What is asked for a channel."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.notifications.models import ChannelKind, EventKind
from portal.web.pages.club.fields import TO_THE_LETTER

KINDS: dict[str, Promise] = {
    ChannelKind.EMAIL: _("E-mail"),
    ChannelKind.DISCORD: _("Discord"),
    ChannelKind.SLACK: _("Slack"),
    ChannelKind.WEBHOOK: _("Webhook, signed"),
}
EVENTS: dict[str, Promise] = {
    EventKind.DEPLOY_FAILED: _("A deploy failed"),
    EventKind.LIVE: _("A release is live"),
    EventKind.GAP: _("An interruption was felt by visitors"),
    EventKind.BUDGET: _("The budget is nearly used up"),
    EventKind.SUSPENSION: _("The club is suspended or resumed"),
    EventKind.REQUEST: _("A request waits for an operator"),
}
"""As something that one may want to be told of."""
HAPPENED: dict[str, Promise] = {
    EventKind.DEPLOY_FAILED: _("Deploy failed"),
    EventKind.LIVE: _("New release live"),
    EventKind.GAP: _("Visitors felt an interruption"),
    EventKind.BUDGET: _("Budget nearly used up"),
    EventKind.SUSPENSION: _("Club suspended or resumed"),
    EventKind.REQUEST: _("Request waiting"),
    EventKind.TEST: _("Test message"),
}
"""As something that one was told of."""
_AT_FIRST = [
    EventKind.DEPLOY_FAILED.value,
    EventKind.GAP.value,
    EventKind.BUDGET.value,
    EventKind.SUSPENSION.value,
]


class EventsForm(forms.Form):
    """Which events go to a channel; operators' requests are offered to operators alone."""

    events = forms.MultipleChoiceField(
        label=_("Tell it when"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one event.")},
    )

    def __init__(self, *args: Any, operator: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["events"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - it stands above
        field.choices = [
            (kind, words) for kind, words in EVENTS.items() if operator or kind != EventKind.REQUEST
        ]


class ChannelForm(EventsForm):
    """A new channel. A person's mails go to their own address, so that nobody writes to others by it."""

    kind = forms.ChoiceField(label=_("Through"), choices=list(KINDS.items()))
    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Such as “Our Discord”."))
    target = forms.CharField(
        label=_("Address"),
        max_length=1000,
        required=False,
        widget=forms.TextInput(attrs=TO_THE_LETTER),
        help_text=_("The e-mail address, or the webhook's address as the chat shows it."),
    )
    field_order = ["kind", "name", "target", "events"]

    def __init__(self, *args: Any, own_email: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._own_email = own_email
        self.fields["events"].initial = _AT_FIRST
        if own_email is not None:
            self.fields["target"].help_text = _(
                "The webhook's address as the chat shows it. Mails go to your own address."
            )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self._own_email is not None and given.get("kind") == ChannelKind.EMAIL:
            given["target"] = self._own_email
        if not given.get("target"):
            self.add_error("target", _("Without an address nothing can be sent."))
        return given
