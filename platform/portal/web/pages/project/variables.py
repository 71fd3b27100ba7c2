"""The form of a project's variables: those that are there, new ones, and text of a .env file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.problems import Problem
from portal.projects import names
from portal.projects.envfile import read_env
from portal.projects.models import ConfigVar, Project
from portal.translating import in_one_line

_NEW_ROWS = 3
_MOST_ROWS = 400
_QUIET = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class Known(forms.Form):
    """A variable that is there: its value is never shown, an empty field leaves it."""

    value = forms.CharField(
        required=False, strip=False, label=gettext_lazy("New value"), widget=forms.TextInput(attrs=_QUIET)
    )
    remove = forms.BooleanField(required=False, label=gettext_lazy("Remove"))


class New(forms.Form):
    """A variable to add, or to set over."""

    name = forms.CharField(
        required=False, max_length=100, label=gettext_lazy("Name"), widget=forms.TextInput(attrs=_QUIET)
    )
    value = forms.CharField(
        required=False, strip=False, label=gettext_lazy("Value"), widget=forms.TextInput(attrs=_QUIET)
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        name = given.get("name", "")
        if given.get("value") and not name:
            self.add_error("name", _("This value needs a name."))
        elif name:
            _check_name(self, "name", name)
        return given


class Text(forms.Form):
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=600_000,
        label=gettext_lazy("Text of a .env file"),
        help_text=gettext_lazy("NAME=value, one a line. A name that is there already gets the new value."),
        widget=forms.Textarea(attrs={**_QUIET, "rows": 5}),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        try:
            given["variables"] = read_env(given.get("text") or "")
        except Problem as problem:
            self.add_error("text", in_one_line(problem.explanation))
            return given
        for name in given["variables"]:
            _check_name(self, "text", name)
        return given


@dataclass
class Variables:
    """The three together, as one form with one save."""

    known: Sequence[tuple[ConfigVar, Known]]
    new: Sequence[New]
    text: Text
    set: dict[str, str] = field(default_factory=dict)
    unset: list[str] = field(default_factory=list)

    def is_valid(self) -> bool:
        """Whether every field is; then `set` and `unset` say what is wanted."""
        # Every form is asked, so that all errors are shown at once.
        asked = [form.is_valid() for form in (*(row for _, row in self.known), *self.new, self.text)]
        if not all(asked):
            return False
        for var, form in self.known:
            if form.cleaned_data["remove"]:
                self.unset.append(var.name)
            elif form.cleaned_data["value"]:
                self.set[var.name] = form.cleaned_data["value"]
        good = True
        for row in self.new:
            name = row.cleaned_data["name"]
            if name and name in self.set:
                row.add_error("name", _("This name is given twice."))
                good = False
            elif name:
                self.set[name] = row.cleaned_data["value"]
        for name, value in self.text.cleaned_data["variables"].items():
            if name in self.set:
                self.text.add_error("text", _("%(name)s is given above, too.") % {"name": name})
                good = False
            self.set[name] = value
        self.unset = [name for name in self.unset if name not in self.set]
        return good


def variables(project: Project, given: Mapping[str, str] | None = None) -> Variables:
    """The form, empty or with what was sent."""
    rows = list(project.config_vars.order_by("name"))
    return Variables(
        known=[(var, _known(var, given)) for var in rows],
        new=[New(given, prefix=f"new-{number}") for number in range(_row_count(given))],
        text=Text(given, prefix="env"),
    )


def _known(var: ConfigVar, given: Mapping[str, str] | None) -> Known:
    """With labels that tell the rows apart for who does not see them in rows."""
    form = Known(given, prefix=f"var-{var.name}")
    for each in form.fields.values():
        each.widget.attrs = {**each.widget.attrs, "aria-label": f"{each.label}: {var.name}"}
    return form


def _row_count(given: Mapping[str, str] | None) -> int:
    asked = (given or {}).get("rows", "")
    return min(max(int(asked), _NEW_ROWS), _MOST_ROWS) if asked.isascii() and asked.isdecimal() else _NEW_ROWS


def _check_name(form: forms.Form, at: str, name: str) -> None:
    try:
        names.check_variable(name)
    except Problem as problem:
        form.add_error(at, f"{name}: {in_one_line(problem.explanation)}")
