"""Which Madang, club and project a command is about, and the key for it."""

import os
from dataclasses import dataclass

from madang.address import ProjectAddress, portal_url
from madang.hosts import Host, Hosts, load_hosts
from madang.portal import Portal
from madang.problem import Problem
from madang.repository import project_of_folder

KEY_VARIABLE = "MADANG_KEY"


@dataclass(frozen=True)
class Place:
    """What is meant: a host with a key for a club and, if one is known, a project."""

    url: str
    key: str
    club: str | None
    project: str | None


@dataclass(frozen=True)
class ProjectSession:
    """A project and the API that reaches it. path: of the project in the API."""

    portal: Portal
    club: str
    project: str

    @property
    def path(self) -> str:
        return f"/clubs/{self.club}/projects/{self.project}"


def choose(
    hosts: Hosts,
    folder: ProjectAddress | None,
    *,
    url: str | None,
    club: str | None,
    project: str | None,
    key: str | None,
) -> Place:
    """Options before the folder's git remote before the host of the last login.

    key: from the environment, before any stored one. Raises Problem when no key fits.
    """
    host = _host(hosts, folder, url=url, key=key)
    if folder is not None and folder.git_url == host.git_url:
        project = project or (folder.project if club in (None, folder.club) else None)
        club = club or folder.club
    if club is None and len(host.clubs) == 1:
        club = host.clubs[0]
    found = key or host.key_for(club, project)
    if found is None:
        raise _no_key(host, club)
    return Place(url=host.url, key=found, club=club, project=project)


def portal_session(url: str | None, club: str | None) -> Portal:
    """The API with the key that is meant, for what needs no club."""
    place = _place(url, club, None)
    return Portal(place.url, place.key)


def club_session(url: str | None, club: str | None) -> tuple[Portal, str]:
    place = _place(url, club, None)
    if place.club is None:
        raise Problem(
            what="It is not clear which club is meant.",
            next="Name it: --club CLUB",
            reason="no-club",
        )
    return Portal(place.url, place.key), place.club


def project_session(url: str | None, club: str | None, project: str | None) -> ProjectSession:
    """A project may be named <club>/<project>. Raises Problem when it is not clear which one is meant."""
    if project is not None and "/" in project:
        club, _, project = project.partition("/")
    place = _place(url, club, project)
    if place.club is None or place.project is None:
        raise Problem(
            what="It is not clear which project is meant.",
            evidence=_folder_says(place),
            next="Go to the project's folder, or name it: --project PROJECT\n"
            "A new one: madang project create\n"
            "One that is there already: madang project link NAME",
            reason="no-project",
        )
    return ProjectSession(Portal(place.url, place.key), place.club, place.project)


def _folder_says(place: Place) -> str:
    folder = project_of_folder([])
    if folder is None:
        return "This folder has no git remote named madang."
    return f"This folder's git remote is {folder.remote}, which does not belong to {place.url}."


def _place(url: str | None, club: str | None, project: str | None) -> Place:
    hosts = load_hosts()
    folder = project_of_folder([host.git_url for host in hosts.by_url.values()])
    key = os.environ.get(KEY_VARIABLE)
    return choose(hosts, folder, url=portal_url(url) if url else None, club=club, project=project, key=key)


def _host(hosts: Hosts, folder: ProjectAddress | None, *, url: str | None, key: str | None) -> Host:
    if url is not None:
        known = hosts.by_url.get(url)
        if known is None and key is None:
            raise Problem(
                what=f"You are not logged in to {url}.", next=f"madang login --url {url}", reason="no-login"
            )
        # A key from the environment needs no login; the folder's remote then speaks for itself.
        return known or Host(url=url, git_url=folder.git_url if folder else "")
    known = hosts.with_git_url(folder.git_url) if folder else None
    known = known or hosts.by_url.get(hosts.current or "")
    if known is None:
        raise Problem(
            what="You are not logged in.",
            next="madang login --url ADDRESS (the address of the page in the browser)",
            reason="no-login",
        )
    return known


def _no_key(host: Host, club: str | None) -> Problem:
    kept = ", ".join(sorted(host.keys)) or "none"
    if club is None:
        return Problem(
            what="You have keys for several clubs, and it is not clear which is meant.",
            evidence=f"Keys kept for {host.url}: {kept}",
            next="Name the club: --club CLUB",
            reason="several-clubs",
        )
    return Problem(
        what=f"There is no key for the club {club}.",
        evidence=f"Keys kept for {host.url}: {kept}",
        next=f"Log in with one of its keys: madang login --url {host.url}",
        reason="no-key",
    )
