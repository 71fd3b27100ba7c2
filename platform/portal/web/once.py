"""A form that is sent twice (a double click, a reload, Back and Send) is carried out once.

`{% once %}` in a form is a token of its own each time it is shown. Who sends the same once more is led to
where the first answer led; a form that was changed since is another one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.crypto import salted_hmac
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.web.models import SentForm

FIELD = "once"
# Nobody goes Back to a page for longer.
KEPT = timedelta(days=1)
_LONGEST_TOKEN = 64

View = Callable[..., HttpResponse]


def once(view: View) -> View:
    """For a view that makes or changes something which a second time would make or change again, or refuse.

    Only a redirect says that it was carried out: a form that was refused may be sent again as it is. The
    whole view is one transaction with the row that remembers it, so a second click waits until the first has
    its answer, and a view that fails has done nothing.
    """

    @wraps(view)
    def carried_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        digest = _digest(request)
        if digest is None:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            if not _begun(digest):
                return _answered(request, SentForm.objects.get(pk=digest))
            answer = view(request, *args, **kwargs)
            row = SentForm.objects.filter(pk=digest)
            if isinstance(answer, HttpResponseRedirect):
                row.update(location=answer.url)
            else:
                row.delete()
        return answer

    carried_out.once = True  # type: ignore[attr-defined]
    return carried_out


class SentBefore(MiddlewareMixin):
    """Stands before the gate: who has left a club, or deleted it, still learns that it was done."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        digest = _digest(request) if getattr(view, "once", False) else None
        sent = SentForm.objects.filter(pk=digest).first() if digest is not None else None
        return _answered(request, sent) if sent is not None else None


def forget() -> int:
    """Gives how many."""
    return SentForm.objects.filter(sent_at__lt=Now() - Value(KEPT)).delete()[0]


def _digest(request: HttpRequest) -> str | None:
    """None: no form of ours, which is carried out each time."""
    if request.method != "POST" or not 0 < len(request.POST.get(FIELD, "")) <= _LONGEST_TOKEN:
        return None
    who = request.user.pk if isinstance(request.user, User) else None
    # Of each form of a page the browser sends the same value, and of two pages different ones.
    fields = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    told = json.dumps([who, request.path, fields])
    return salted_hmac("portal.web.once", told, algorithm="sha256").hexdigest()


def _begun(digest: str) -> bool:
    """Waits while another request carries out the same; False: it has done so."""
    try:
        with transaction.atomic():
            SentForm.objects.create(pk=digest)
    except IntegrityError:
        return False
    return True


def _answered(request: HttpRequest, sent: SentForm) -> HttpResponse:
    messages.info(request, _("This was sent more than once. It was carried out once."))
    return HttpResponseRedirect(sent.location)
