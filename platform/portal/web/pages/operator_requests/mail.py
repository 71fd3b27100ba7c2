"""`/operator/mail`: what could not be delivered, and what the mail catcher has."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.environment import environment
from portal.mail import actions, selectors
from portal.problems import Problem
from portal.translating import explained
from portal.web.once import once
from portal.web.request import PageRequest

_A_PAGE = 50


@never_cache
@require_GET
def mails(request: PageRequest) -> HttpResponse:
    recipient = request.GET.get("to", "").strip()
    caught = Paginator(selectors.caught(recipient), _A_PAGE).get_page(request.GET.get("page"))
    context = {
        "tab": "mail",
        "undelivered": selectors.undelivered()[:_A_PAGE],
        "caught": caught,
        "recipient": recipient,
        "server": environment().mail_server,
    }
    return render(request, "web/operator_requests/mails.html", context)


@never_cache
@require_GET
def one(request: PageRequest, number: int) -> HttpResponse:
    """A mail as text: nothing in it is ever HTML."""
    mail = selectors.caught().filter(pk=number).first()
    if mail is None:
        raise Http404(f"no mail {number}")
    return render(request, "web/operator_requests/mail.html", {"tab": "mail", "mail": mail})


@require_POST
@once
def send_again(request: PageRequest, number: int) -> HttpResponse:
    try:
        mail = actions.send_again(by=request.by, mail_id=number)
    except Problem as error:
        if error.status == 404:
            raise Http404(f"no mail {number}") from error
        messages.error(request, explained(error.explanation).what)
    else:
        messages.success(request, _("The mail to %(who)s is tried again.") % {"who": mail.recipient})
    return redirect("operator-mail")
