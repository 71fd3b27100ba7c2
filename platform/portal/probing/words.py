"""Findings as three lines for a student, in the language that is active."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.translating import translated

Detail = Mapping[str, Any]


def explanation(reason: str, detail: Detail) -> Explanation:
    """What a finding means; a reason that nobody knows any more is told as "does not answer"."""
    what, evidence, further = _LINES.get(reason, _unreachable)(detail)
    return Explanation(reason, what, evidence, further)


Lines = tuple[str, str, str]


def _log(detail: Detail) -> str:
    return "\n".join(str(line) for line in detail.get("log", ()))


def _said(detail: Detail) -> str:
    return str(detail.get("said", ""))


def _kept(said: list[Any] | str) -> str:
    """A sentence that is kept by its parts, or as text."""
    return translated(Sentence.from_parts(said) if isinstance(said, list) else said)


def _operator() -> str:
    return _("An operator has to look at it; nothing of yours is lost.")


def _crash_loop(detail: Detail) -> Lines:
    restarts = int(detail["restarts"])
    times = ngettext("%(count)d restart", "%(count)d restarts", restarts) % {"count": restarts}
    # Rows of before have the bare code.
    code = detail["exit"]
    ended = code if isinstance(code, list) else Sentence("exit code {code}", code=code)
    return (
        _("Your app crashes and is started again and again."),
        "\n".join(line for line in (_log(detail), f"{_kept(ended)}, {times}") if line),
        _kept(detail["hint"]) or _("Look at the app's log, mend it and push again."),
    )


def _out_of_memory(detail: Detail) -> Lines:
    return (
        _("Your app needs more memory than its %(mebibytes)d MiB and was ended for it.")
        % {"mebibytes": int(detail["mebibytes"])},
        "\n".join(line for line in (_log(detail), "OOMKilled (137)") if line),
        _("Start fewer workers, or raise web.memory in madang.yaml."),
    )


def _not_listening(detail: Detail) -> Lines:
    port = int(detail["port"])
    what = _("Your app runs, but nothing answers on port %(port)d.") % {"port": port}
    further = _("Listen on 0.0.0.0 and the port in $PORT (%(port)d here).") % {"port": port}
    if "local" in detail:
        seen = _("It listens on %(where)s, which only the app itself can reach.") % {"where": detail["local"]}
        what = f"{what} {seen}"
    elif "other_port" in detail:
        other = int(detail["other_port"])
        what = f"{what} {_('It listens on port %(port)d.') % {'port': other}}"
        further = _("Listen on the port in $PORT, or set web.port: %(port)d in madang.yaml.") % {
            "port": other
        }
    return what, _log(detail), further


def _unhealthy(detail: Detail) -> Lines:
    given = {"path": detail["path"], "status": int(detail["status"])}
    return (
        _("Your app runs, but %(path)s answers %(status)d, so it gets no visitors.") % given,
        _log(detail),
        _("Make %(path)s answer 200 when the app is well, or change web.health in madang.yaml.") % given,
    )


def _app_error(detail: Detail) -> Lines:
    return (
        _("Your app answers with an error (%(status)d).") % {"status": int(detail["status"])},
        _log(detail),
        _("The app's log says where the error is; mend it and push again, or roll back."),
    )


def _slow(detail: Detail) -> Lines:
    return (
        _("Your app takes the visit but does not answer within 5 seconds."),
        _log(detail),
        _("See what the first page waits for: a database, another service, an endless loop."),
    )


def _breaks_off(detail: Detail) -> Lines:
    return (
        _("Your app takes the visit and breaks off before it has answered."),
        _log(detail),
        _("The app's log says why; it has to speak HTTP on its port."),
    )


def _scaled_to_zero(detail: Detail) -> Lines:
    return (
        _("This project runs no copy: it is scaled to zero."),
        "",
        _("Set the number of copies to at least 1 in its settings."),
    )


def _cannot_start(detail: Detail) -> Lines:
    return (
        _("Your app cannot be started any more."),
        _said(detail),
        _("See that the start command exists in the image, or roll back."),
    )


def _machine_lost(detail: Detail) -> Lines:
    return (
        _("Not your code: its machine was taken away; it is being started on another one."),
        ", ".join(detail.get("machines", ())),
        _("Nothing is to be done; this takes a minute at most."),
    )


def _no_endpoint(detail: Detail) -> Lines:
    return (
        _("Not your code: your app is ready, but visitors are not led to it yet."),
        _("%(count)d copies ready") % {"count": int(detail["ready"])} if "ready" in detail else "",
        _("This passes in a few seconds; if it stays, tell the operator."),
    )


def _no_pods(detail: Detail) -> Lines:
    return _("Not your code: no copy of it runs."), "", _operator()


def _no_room(detail: Detail) -> Lines:
    return (
        _("Not your code: no machine has room for it at the moment."),
        _said(detail),
        _("It starts by itself as soon as there is room."),
    )


def _image_pull(detail: Detail) -> Lines:
    return _("Not your code: its image cannot be fetched."), _said(detail), _operator()


def _starting(detail: Detail) -> Lines:
    return (
        _("Not your code: it is just being started."),
        "",
        _("Nothing is to be done; this takes a minute at most."),
    )


def _address_missing(detail: Detail) -> Lines:
    missing = " ".join(str(detail[key]) for key in ("missing", "hostname") if key in detail)
    return (
        _("Not your code: the platform does not lead its address to it any more."),
        _("missing: %(what)s") % {"what": missing},
        _("Restart it at its Settings, or push again; if that does not help, tell the operator."),
    )


def _removed(detail: Detail) -> Lines:
    return (
        _("Not your code: nothing of it is in the cluster any more."),
        _("missing: %(what)s") % {"what": detail.get("missing", "")},
        _("Restart it at its Settings, or push again; if that does not help, tell the operator."),
    )


def _entrance_down(detail: Detail) -> Lines:
    return (
        _("Not your code: the platform's own entrance does not answer, so no project does."),
        _said(detail),
        _operator(),
    )


def _unreachable(detail: Detail) -> Lines:
    return _("Its address does not answer."), _said(detail), _operator()


_LINES: dict[str, Callable[[Detail], Lines]] = {
    "crash-loop": _crash_loop,
    "out-of-memory": _out_of_memory,
    "not-listening": _not_listening,
    "unhealthy": _unhealthy,
    "app-error": _app_error,
    "slow": _slow,
    "breaks-off": _breaks_off,
    "scaled-to-zero": _scaled_to_zero,
    "cannot-start": _cannot_start,
    "machine-lost": _machine_lost,
    "no-endpoint": _no_endpoint,
    "no-pods": _no_pods,
    "no-room": _no_room,
    "image-pull": _image_pull,
    "starting": _starting,
    "address-missing": _address_missing,
    "removed": _removed,
    "entrance-down": _entrance_down,
    "unreachable": _unreachable,
}
