"""Which names a club, a project, a subdomain and a variable may have."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from deployer.sentence import Sentence
from portal.environment import environment
from portal.problems import Problem, conflict, invalid

# RFC 1035 labels; two hyphens in a row are for internationalised names (xn--…).
_LABEL = re.compile(r"[a-z](?:-?[a-z0-9])*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
CLUB_LENGTH = 30
PROJECT_LENGTH = 40
SUBDOMAIN_LENGTH = 63

# What the platform itself answers at, or may one day; and names that visitors would trust.
_RESERVED = """
about account accounts admin admins api app apps assets auth autoconfig autodiscover billing blog cdn console
dashboard demo dev docs edge email files ftp git help home host imap ingress internal kubernetes localhost
login logs madang mail mailer metrics mirror monitor mx ns ns1 ns2 operator ops pop portal postmaster proxy
public registry root secure security server signup smtp sso staff static status support system test traefik
web webmail www
"""
RESERVED_SUBDOMAINS = frozenset(_RESERVED.split())
# The registry keeps builds' caches under the first, base images under the others.
RESERVED_CLUBS = frozenset({"cache", "library", "madang"})
# A club's own pages, which stand beside its projects' at /clubs/<club>/<name>.
RESERVED_PROJECTS = frozenset({"audit", "budget", "keys", "members", "new", "notifications", "settings"})
# Set by the platform itself in every pod.
_RESERVED_VARIABLES = frozenset({"PORT", "HOME", "HOSTNAME", "PATH"})


def check_club(slug: str) -> None:
    """Raises a 422 problem unless a club may be called so."""
    if not _LABEL.fullmatch(slug) or len(slug) > CLUB_LENGTH:
        raise _bad_name(Sentence("club"), slug, CLUB_LENGTH)
    if slug in RESERVED_CLUBS:
        raise invalid(
            "name-reserved", Sentence("A club may not be called {slug}.", slug=slug), "Choose another name."
        )


def check_project(slug: str) -> None:
    """Raises a 422 problem unless a project may be called so."""
    if not _LABEL.fullmatch(slug) or len(slug) > PROJECT_LENGTH:
        raise _bad_name(Sentence("project"), slug, PROJECT_LENGTH)
    if slug in RESERVED_PROJECTS:
        raise invalid(
            "name-reserved",
            Sentence("A project may not be called {slug}.", slug=slug),
            "Choose another name.",
        )


def subdomains(project: str, club: str) -> list[str]:
    """The subdomains that a project may have, the best first: its own name unless that is reserved, then
    with its club's."""
    wanted = [project, f"{project}-{club}"]
    return [name for name in wanted if len(name) <= SUBDOMAIN_LENGTH and not _is_reserved(name)]


def no_subdomain(project: str, club: str) -> Problem:
    return conflict(
        "subdomain-taken",
        Sentence("The addresses {project} and {project}-{club} are taken.", project=project, club=club),
        "Choose another name for the project.",
    )


def check_subdomain(subdomain: str) -> None:
    """Raises a 422 problem unless a project may answer at it."""
    if not _LABEL.fullmatch(subdomain) or len(subdomain) > SUBDOMAIN_LENGTH:
        raise _bad_name(Sentence("subdomain"), subdomain, SUBDOMAIN_LENGTH)
    if _is_reserved(subdomain):
        raise invalid(
            "name-reserved",
            Sentence("No project may answer at {subdomain}.", subdomain=subdomain),
            "Choose another name.",
        )


def check_variable(name: str) -> None:
    """Raises a 422 problem unless a config variable may be called so."""
    if not _VARIABLE.fullmatch(name):
        raise invalid(
            "bad-variable-name",
            Sentence("{name} cannot be a variable's name.", name=repr(name[:100])),
            "Use letters, digits and _, no digit first, at most 100.",
        )
    if name.upper() in _RESERVED_VARIABLES or name.upper().startswith("MADANG_"):
        raise invalid(
            "variable-reserved",
            Sentence("{name} is set by Madang itself.", name=name),
            "Choose another name.",
        )


def _is_reserved(subdomain: str) -> bool:
    """Whether nobody may have it: also where this installation's own pages or git server answer, whose
    visitors, and their cookies, a second Ingress for the same host could lead to a project."""
    here = environment()
    host = urlsplit(here.app_url.format(subdomain=subdomain)).hostname
    own = {*here.page_host_names, urlsplit(here.git_url).hostname}
    return subdomain in RESERVED_SUBDOMAINS or host in own


def _bad_name(what: Sentence, slug: str, length: int) -> Problem:
    return invalid(
        "bad-name",
        Sentence("{name} cannot be a {what}'s name.", name=repr(slug[:80]), what=what),
        Sentence(
            "Use lower-case letters, digits and single hyphens, a letter first, at most {length}.",
            length=length,
        ),
    )
