"""project create, link, list, delete."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from madang import repository
from madang.address import is_slug, slug_from, told_address
from madang.options import ClubOption, JsonOption, ProjectOption, UrlOption
from madang.output import as_json, hint, say, table
from madang.portal import Portal
from madang.problem import Problem
from madang.session import club_session, project_session

app = typer.Typer(help="Make, list and delete projects.", no_args_is_help=True)

_RULE = "A name is letters a-z, digits and single hyphens, a letter first, at most 40."


@app.command()
def create(
    name: Annotated[
        str | None, typer.Argument(help="Its name, or club/name; else that of the folder.")
    ] = None,
    club: ClubOption = None,
    url: UrlOption = None,
    json: JsonOption = False,
) -> None:
    """Make a project and, in a git repository, the remote `madang` to push to.

    Examples:

      madang project create

      madang project create lunch-menu --club robotics
    """
    club, name = _name(name, club, "create")
    portal, club = club_session(url, club)
    try:
        project, made = portal.post(f"/clubs/{club}/projects", {"name": name}), True
    except Problem as problem:
        if problem.reason == "scope-missing":
            # Most keys make no projects, and push to those that are there.
            more = f"\nOr once the project is made on the club's page: madang project link {name}"
            problem = replace(problem, next=problem.next + more)
        elif problem.reason != "project-exists":
            raise
        project, made = _present(portal, club, name, problem), False
    if json:
        _add_remote(project, quiet=True)
        as_json(project)
        return
    what = f"Project {project['club']}/{project['name']}"
    if made:
        say(f"{what} is made; it will live at {project['url']}", "green")
    else:
        say(f"{what} exists already; its address is {project['url']}")
    _add_remote(project)


@app.command()
def link(
    name: Annotated[
        str | None, typer.Argument(help="Its name, or club/name; else that of the folder.")
    ] = None,
    club: ClubOption = None,
    url: UrlOption = None,
) -> None:
    """Add the remote `madang` for a project that is there already (a second computer, a fresh clone).

    Example: madang project link lunch-menu
    """
    club, name = _name(name, club, "link")
    portal, club = club_session(url, club)
    _add_remote(portal.get(f"/clubs/{club}/projects/{name}"))


@app.command("list")
def list_projects(club: ClubOption = None, url: UrlOption = None, json: JsonOption = False) -> None:
    """List the club's projects, what is live and where."""
    portal, club = club_session(url, club)
    projects = portal.get_all(f"/clubs/{club}/projects")
    if json:
        as_json(projects)
    elif not projects:
        hint(f"The club {club} has no project yet. Make one: madang project create")
    else:
        rows = [(each["name"], each["state"], _version(each["release"]), each["url"]) for each in projects]
        table(("PROJECT", "STATE", "RELEASE", "ADDRESS"), rows)


@app.command()
def delete(
    name: Annotated[
        str | None, typer.Argument(help="Its name, or club/name; else that of the folder.")
    ] = None,
    club: ClubOption = None,
    url: UrlOption = None,
    project: ProjectOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a project: its address, releases, settings and repository on the server. Asks first.

    Example: madang project delete lunch-menu
    """
    session = project_session(url, club, name or project)
    if not yes:
        asked = f"This takes {session.club}/{session.project} off the web for good. Type its name to go on"
        if typer.prompt(asked, err=True).strip() != session.project:
            raise Problem(
                what="That is not its name; nothing was deleted.",
                next="Run the command again, or with --yes in a script.",
                reason="not-confirmed",
            )
    session.portal.delete(session.path)
    say(f"Deleted {session.club}/{session.project}.")
    if repository.remotes().get(repository.REMOTE, "").endswith(f"/{session.club}/{session.project}.git"):
        hint("The git remote is still there. Remove it: git remote remove madang")


def _name(given: str | None, club: str | None, verb: str) -> tuple[str | None, str]:
    """Club and name; a name may be written <club>/<name>, as in the address of a push.

    verb: of `madang project`, for what to type instead.
    """
    if given is None:
        folder = repository.top_folder() if repository.inside_repository() else Path.cwd()
        given = slug_from(folder.name)
        if not given:
            raise Problem(
                what=f"The folder's name “{folder.name}” gives no name for the project.",
                evidence=_RULE,
                next=f"Name it yourself, for example: madang project {verb} my-project",
                reason="bad-name",
            )
    before, slash, name = given.partition("/")
    club, given = (before, name) if slash else (club, given)
    if not is_slug(given):
        raise Problem(
            what=f"“{given}” cannot be a project's name.",
            evidence=_RULE,
            next=f"madang project {verb} {slug_from(given) or 'my-project'}",
            reason="bad-name",
        )
    return club, given


def _present(portal: Portal, club: str, name: str, refused: Problem) -> Any:
    """The project that has the name; the refusal itself if it is not to be seen (as while it is deleted)."""
    try:
        return portal.get(f"/clubs/{club}/projects/{name}")
    except Problem as problem:
        raise refused from problem


def _add_remote(project: dict[str, Any], *, quiet: bool = False) -> None:
    wanted, branch = told_address("its git server", project["git_url"]), str(project["deploy_branch"])
    if not repository.inside_repository():
        if not quiet:
            hint("Next, in your code's folder:")
            hint(f"  git init -b {branch} && git add -A && git commit -m 'First version'")
            hint(f"  git remote add {repository.REMOTE} {wanted}")
            hint(f"  git push {repository.REMOTE} {branch}")
        return
    present = repository.remotes().get(repository.REMOTE)
    if present not in (None, wanted):
        hint(f"The remote {repository.REMOTE} is another project's ({present}) and was left alone.")
        hint(f"Use this one instead: git remote set-url {repository.REMOTE} {wanted}")
        return
    repository.set_remote(wanted)
    if not quiet:
        hint(f"The git remote {repository.REMOTE} is set. Next:")
        for command in _push_commands(branch):
            hint(f"  {command}")


def _push_commands(branch: str) -> list[str]:
    source = branch if repository.current_branch() == branch else f"HEAD:{branch}"
    push = f"git push {repository.REMOTE} {source}"
    return [push] if repository.has_commit() else ["git add -A && git commit -m 'First version'", push]


def _version(release: Any) -> str:
    return f"v{release}" if release else "-"
