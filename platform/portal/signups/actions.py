"""What an applicant may do: apply, confirm the e-mail address, amend what was declined."""

from __future__ import annotations

from dataclasses import asdict

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal, platform
from portal.problems import Problem, conflict, not_found
from portal.signups import letters, limits
from portal.signups.application import Application, require_free_names, with_plain_names
from portal.signups.models import SIGNUP_STATES, SignupRequest, SignupState
from portal.signups.names import folded

MOST_AMENDMENTS = 20


@transaction.atomic
def apply(*, application: Application, language: str, address: str) -> SignupRequest | None:
    """Keeps the application and writes to its e-mail address.

    What the caller sees never depends on what is known of that e-mail address; the mail does. None: the
    address got its share of mail for now.
    """
    application = with_plain_names(application)
    require_free_names(application)
    limits.require_patience(address)
    if limits.is_tired(application.email):
        return None
    request = SignupRequest.objects.create(
        **asdict(application),
        folded_name=folded(application.club_name),
        language=language,
        address=address,
    )
    audit.record(_applicant(request, address), "apply", club=request.slug, request=request.pk)
    waiting = SignupRequest.objects.filter(email=request.email, state=SignupState.WAITING).first()
    if waiting is None:
        letters.confirm(request)
    else:
        letters.waits_already(waiting, language)
    return request


@transaction.atomic
def confirm(*, request_id: int, address: str) -> SignupRequest:
    """The e-mail address is the applicant's: the request waits for an operator. Confirming twice is harmless.

    Gives the request to show: the one that waits already, if there is one of the same e-mail address. Whose
    names were taken meanwhile is declined, and may be amended at once.
    """
    request = lock(request_id)
    if request.state != SignupState.UNCONFIRMED:
        return request
    waiting = SignupRequest.objects.filter(email=request.email, state=SignupState.WAITING).first()
    if waiting is not None:
        return waiting
    request.confirmed_at = timezone.now()
    by = _applicant(request, address)
    if enter_waiting(request):
        audit.record(by, "confirm_signup", club=request.slug, request=request.pk)
        letters.received(request)
        return request
    with override(request.language):
        request.reason = _("Meanwhile another club has got this name. Choose another one.")
    enter(request, SignupState.DECLINED, by=platform())
    audit.record(by, "confirm_signup", club=request.slug, request=request.pk, declined="name taken")
    letters.declined(request)
    return request


@transaction.atomic
def amend(*, request_id: int, application: Application, address: str) -> SignupRequest:
    """After a decline: the request waits again, with what was changed. The e-mail address stays."""
    request = lock(request_id)
    if request.state != SignupState.DECLINED:
        raise conflict(
            "not-declined",
            _("This application was not declined, so there is nothing to amend."),
            _("Look at its page again."),
        )
    if request.amendments >= MOST_AMENDMENTS:
        raise conflict(
            "amended-too-often", _("This application was amended too often."), _("Write to the operator.")
        )
    application = with_plain_names(application)
    require_free_names(application, but=request.pk)
    changed = [name for name, value in asdict(application).items() if getattr(request, name) != value]
    for name, value in asdict(application).items():
        if name != "email":
            setattr(request, name, value)
    request.folded_name = folded(application.club_name)
    request.amendments += 1
    request.reason = ""
    if not enter_waiting(request):
        raise conflict(
            "waits-already",
            _("Another application with this name or e-mail address waits already."),
            _("Wait for that one, or choose another short name."),
        )
    by = _applicant(request, address)
    audit.record(by, "amend_signup", club=request.slug, request=request.pk, changed=changed)
    return request


def lock(request_id: int) -> SignupRequest:
    """The row, held to the end of the transaction; raises a 404 problem."""
    request = SignupRequest.objects.select_for_update(no_key=True, of=("self",)).filter(pk=request_id).first()
    if request is None:
        raise not_found(Sentence("application {number}", number=request_id))
    return request


def enter(request: SignupRequest, state: SignupState, *, by: Principal | None = None) -> None:
    """Writes the row in its new state."""
    SIGNUP_STATES.check(request.state, state)
    request.state, request.state_since = state, timezone.now()
    request.decided_by = by.name if by else ""
    request.save()


def enter_waiting(request: SignupRequest) -> bool:
    """False, and nothing written, if its names or e-mail address are another's meanwhile."""
    before = request.state
    try:
        require_free_names(_application_of(request), but=request.pk)
        with transaction.atomic():
            enter(request, SignupState.WAITING)
    except (IntegrityError, Problem):
        request.state = before
        return False
    return True


def _application_of(request: SignupRequest) -> Application:
    return Application(**{name: getattr(request, name) for name in Application.__dataclass_fields__})


def _applicant(request: SignupRequest, address: str) -> Principal:
    """Has no account yet; holds no scope in any club."""
    return Principal(
        name=f"applicant:{request.pk}", club="", project=None, scopes=frozenset(), address=address
    )
