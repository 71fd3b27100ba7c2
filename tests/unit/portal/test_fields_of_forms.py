"""Fields of a form that was refused."""

from __future__ import annotations

import os
import re

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django import forms  # noqa: E402 - templates need Django's settings
from django.template import Context, Template  # noqa: E402


class Size(forms.Form):
    name = forms.CharField()
    copies = forms.IntegerField()
    memory = forms.IntegerField()


def inputs(form: forms.Form) -> list[str]:
    page = Template("{% for each in form %}{% field each %}{% endfor %}").render(Context({"form": form}))
    return re.findall(r"<input [^>]*>", page)


def test_the_first_field_that_is_wrong_has_the_focus() -> None:
    name, copies, memory = inputs(Size({"name": "shop", "copies": "many", "memory": "much"}))
    assert "autofocus" in copies and 'value="many"' in copies and 'aria-invalid="true"' in copies
    assert "autofocus" not in name + memory
    assert 'aria-invalid="true"' in memory


def test_a_form_that_was_not_sent_leaves_the_focus_where_it_is() -> None:
    assert "autofocus" not in "".join(inputs(Size()))
