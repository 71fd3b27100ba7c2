from __future__ import annotations

from django.urls import path

from portal.web.pages.operator_requests import applications, deciding, mail

urlpatterns = [
    path("/requests", applications.waiting, name="operator-requests"),
    path("/requests/<int:number>", applications.one, name="operator-requests-one"),
    path("/requests/<int:number>/approve", deciding.approve, name="operator-requests-approve"),
    path("/requests/<int:number>/decline", deciding.decline, name="operator-requests-decline"),
    path("/requests/<int:number>/reopen", deciding.reopen, name="operator-requests-reopen"),
    path("/requests/<int:number>/link", deciding.send_link_again, name="operator-requests-link"),
    path("/mail", mail.mails, name="operator-mail"),
    path("/mail/<int:number>", mail.one, name="operator-mail-one"),
    path("/mail/<int:number>/again", mail.send_again, name="operator-mail-again"),
]
