"""`make demo`: the main road from nothing to live projects on an embedded cluster, proved row by row.

python -m tests.e2e.demo            # leaves the cluster up, so that you can look at it
python -m tests.e2e.demo --down     # stops it afterwards; data is kept
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from localcluster.instance import Instance
from tests.e2e import applying
from tests.e2e.load import ANSWER_CHARACTERS, Load, LoadResult
from tests.e2e.road import EXAMPLES, PROJECTS, Done, Road, at_once, live_host, road
from tests.proof import Proof

CLUB, CLUB_NAME = "demo", "Demo club"
# Project, its source, and the word in it that a visitor sees and the second push changes.
PUSHED = (("flask", EXAMPLES / "flask"), ("node", EXAMPLES / "node"), ("docker", EXAMPLES / "dockerfile"))
BEFORE, AFTER = "version 1", "version 2"
NOTICE_SECONDS = 60


def walk(on: Road, proof: Proof) -> None:
    """Every step of the demo; each leaves its row."""
    bring_up(on, proof)
    sign_in(on, proof, club_comes(on, proof))
    pushed = push_first(on, proof)
    push_change_under_load(on, proof, pushed[0])
    refuse(on, proof, pushed)
    reclaim(on, proof, pushed)


@dataclass(frozen=True)
class Pushed:
    """A live project: its name, its folder with the commits, the host name that its push ended with."""

    name: str
    folder: Path
    host: str


def bring_up(on: Road, proof: Proof) -> None:
    done = on.cluster("up")
    nodes = json.loads(on.kubectl("get", "nodes", "-o", "json"))["items"] if done.status == 0 else []
    ready = [
        node["metadata"]["name"]
        for node in nodes
        if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])
    ]
    versions = {node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes}
    proof.add(
        "Kubernetes and Madang are up",
        goal=f"{len(on.instance.nodes)} nodes Ready",
        value=done.seconds,
        unit="s",
        holds=done.status == 0 and len(ready) == len(on.instance.nodes),
        evidence=f"{', '.join(sorted(ready))}; {', '.join(sorted(versions))}",
    )
    if done.status:
        raise SystemExit("the cluster did not come up; see the lines above")


def club_comes(on: Road, proof: Proof) -> str | None:
    """Its first key; None when the club is there from an earlier demo."""
    began = time.monotonic()
    if applying.is_there(on.url, CLUB):
        # Only its name may be taken: by an application of a demo that was stopped.
        on.admin("create_club", CLUB, "--name", CLUB_NAME, "--if-missing")
        key, evidence = None, "the club is there from an earlier run, and is used"
    else:
        print(f"\n  {on.url}/apply: a club applies", flush=True)
        link = on.operator_link(f"demo-{secrets.token_hex(3)}@school.example")
        with applying.browser(on.url) as operator:
            applying.become_operator(operator, urlsplit(link).path)
            club = applying.bring_club(
                on.url, applying.caught_mail(on.admin), operator, CLUB, CLUB_NAME, project=PUSHED[0][0]
            )
        key, evidence = club.key, f"by {club.email}; {club.commands[-1]}"
    proof.add(
        "A club applies, is approved, and gets its first key",
        goal="/apply → mail → operator → one-time link",
        value=time.monotonic() - began,
        unit="s",
        holds=key is None or key.startswith("mdg_"),
        evidence=evidence,
    )
    return key


def sign_in(on: Road, proof: Proof, key: str | None) -> None:
    done = on.sign_in(CLUB) if key is None else on.sign_in_with(key)
    proof.add(
        "A student signs in with the club's key",
        goal="madang login",
        value=done.seconds,
        unit="s",
        holds=done.status == 0,
        evidence=_last_line(done),
    )
    assert done.status == 0, done.output


def push_first(on: Road, proof: Proof) -> list[Pushed]:
    """Three students push at the same time."""
    print("\n  git push: flask, node and docker, at the same time", flush=True)
    folders = [prepare(on, name, source) for name, source in PUSHED]
    # A second demo on the same cluster pushes over what the first one left: that is a new first version.
    push = partial(on.student, "git", "push", "--force", "madang", "main", show=True)
    names = [name for name, _ in PUSHED]
    done = at_once(
        *(partial(push, cwd=at, as_=f"{name:<7}") for name, at in zip(names, folders, strict=True))
    )
    return [
        first_push(on, proof, source, Pushed(name, folder, live_host(told)), told.seconds)
        for (name, source), folder, told in zip(PUSHED, folders, done, strict=True)
    ]


def first_push(on: Road, proof: Proof, source: Path, project: Pushed, seconds: float) -> Pushed:
    answer = on.visit(project.host)
    how = "its own Dockerfile" if (source / "Dockerfile").exists() else "no Dockerfile"
    proof.add(
        f"git push of {project.name} ({how})",
        goal="push ends 0, the address answers",
        value=seconds,
        unit="s",
        holds=answer.status == 200 and BEFORE in answer.body,
        evidence=f"{project.host}: {answer.status} {_line_with(BEFORE, answer.body)!r}",
    )
    return project


def prepare(on: Road, name: str, source: Path) -> Path:
    """The student's folder with the project and its remote."""
    folder = on.checkout(source, name)
    # A pack above git's http.postBuffer goes up in chunks, which proxies treat unlike a small one.
    (folder / "photo.bin").write_bytes(os.urandom(3 << 20))
    on.commit(folder, "Add a photo")
    on.create_project(CLUB, name, folder)
    return folder


def push_change_under_load(on: Road, proof: Proof, project: Pushed) -> None:
    name, folder, host = project.name, project.folder, project.host
    print(f"\n  git push: {name} changed, under load", flush=True)
    on.replace(folder, BEFORE, AFTER)
    on.commit(folder, "Second version")
    port = on.instance.ports.http
    with Load(host, port) as new, Load(host, port, mode="kept") as kept:
        done = on.student("git", "push", "madang", "main", cwd=folder, show=True)
        on.wait_for(lambda: AFTER in on.visit(host).body)
        time.sleep(8)  # the old pods' grace: a request lost while they end would count
    # One source file has changed: pip's step comes from the build cache.
    cached = "RUN pip install" in done.output and "Collecting " not in done.output
    built = "packages from the cache" if cached else "its packages were installed anew"
    for title, load in both(new, kept):
        seen = _saw(load, BEFORE) and _saw(load, AFTER)
        proof.add(
            f"{name} pushed again under load, {title}",
            goal="0 failed requests",
            value=load.failed,
            unit=f"of {load.requests}",
            holds=done.status == 0 and cached and load.failed == 0 and seen,
            evidence=_told(load) + f"; push took {done.seconds:.0f} s, {built}",
        )


def refuse(on: Road, proof: Proof, pushed: list[Pushed]) -> None:
    """Versions that fail, each pushed over a live one: refused with the reason, the one before serves on."""
    failing = ((pushed[0], "crashing", "crashes at its start"), (pushed[1], "broken", "does not build"))
    for project, source, how in failing:
        print(f"\n  git push: {project.name}, {how}", flush=True)
        on.rewrite(project.folder, PROJECTS / source)
        on.commit(project.folder, f"One that {how}")
    tried = at_once(*(partial(refused, on, project) for project, _, _ in failing))
    for (project, _, how), (done, load) in zip(failing, tried, strict=True):
        answer = on.visit(project.host)
        served = answer.status == 200 and list(load.answers) == [answer.body.strip()[:ANSWER_CHARACTERS]]
        proof.add(
            f"a push that {how} is refused, the old version serves on",
            goal="push ends non-zero with a reason, 0 failed requests",
            value=load.failed,
            unit=f"of {load.requests}",
            holds=done.status == 1 and load.failed == 0 and served,
            evidence=f"{_reason(done)} {load.failures or ''}".rstrip(),
        )


def refused(on: Road, project: Pushed) -> tuple[Done, LoadResult]:
    """The push, and what visitors saw meanwhile; the student takes the commit back."""
    with Load(project.host, on.instance.ports.http, rate=20) as load:
        words = ("git", "push", "madang", "main")
        done = on.student(*words, cwd=project.folder, show=True, as_=f"{project.name:<7}")
    assert on.student("git", "reset", "-q", "--hard", "HEAD~1", cwd=project.folder).status == 0
    assert load.result is not None
    return done, load.result


def reclaim(on: Road, proof: Proof, projects: list[Pushed]) -> None:
    """A spot node is called back while visitors are on its project, and really killed in the end."""
    project = next((p for p in projects if on.node_of(CLUB, p.name).startswith("spot")), projects[0])
    node, port = on.node_of(CLUB, project.name), on.instance.ports.http
    print(f"\n  reclaim: {node}, {NOTICE_SECONDS} s notice, under load", flush=True)
    began = time.monotonic()
    with Load(project.host, port) as new, Load(project.host, port, mode="kept") as kept:
        done = on.cluster("reclaim", node, "--notice", str(NOTICE_SECONDS))
        time.sleep(3)
    for title, load in both(new, kept):
        proof.add(
            f"{project.name}'s node is called back and killed, {title}",
            goal="0 failed requests",
            value=load.failed,
            unit=f"of {load.requests}",
            holds=done.status == 0 and load.failed == 0,
            evidence=f"{node} -> {on.node_of(CLUB, project.name)}; {_told(load)}",
        )
    on.wait_for(lambda: all(on.visit(each.host).status == 200 for each in projects))
    nodes = json.loads(on.kubectl("get", "nodes", "-o", "json"))["items"]
    told = json.loads(on.admin("interruptions", "--json", "--node", node, "--limit", "1"))
    proof.add(
        f"{node} is replaced",
        goal="a new machine in its place, all projects reachable",
        value=time.monotonic() - began,
        unit="s",
        holds=done.status == 0 and any(n["metadata"]["name"] == node for n in nodes) and bool(told),
        evidence=f"all {len(projects)} answer 200; interruption {told[0]['id']}: "
        f"{told[0]['moved']} of {told[0]['pods']} pods moved"
        if told
        else "the portal has no record of it",
    )


def both(new: Load, kept: Load) -> Iterator[tuple[str, LoadResult]]:
    """What the visitors of either kind saw, once they have left."""
    for title, load in (("new connections", new), ("kept-alive connections", kept)):
        assert load.result is not None
        yield title, load.result


def _line_with(word: str, page: str) -> str:
    """The page's line that has the word, without its tags."""
    line = next((line for line in page.splitlines() if word in line), page[:60])
    return re.sub(r"<[^>]+>", "", line).strip()


def _saw(load: LoadResult, word: str) -> bool:
    return any(word in answer for answer in load.answers)


def _told(load: LoadResult) -> str:
    failures = f", {load.failures}" if load.failures else ""
    return f"longest gap {load.longest_gap_ms:.0f} ms, p99 {load.p99_ms:.0f} ms{failures}"


def _reason(done: Done) -> str:
    """What the refused push said last: the heading of its explanation."""
    headings = re.findall(r"^remote: -----> (.+)$", done.output, flags=re.MULTILINE)
    return f"exit {done.status}: {headings[-1].strip() if headings else 'no reason given'}"


def _last_line(done: Done) -> str:
    return next((line.strip() for line in reversed(done.output.splitlines()) if line.strip()), "")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__, add_help=True)
    parser.add_argument("--down", action="store_true", help="stop the cluster afterwards; its data is kept")
    options = parser.parse_args()
    proof = Proof("demo")
    instance = Instance.from_environment()
    with road(instance) as on:
        try:
            walk(on, proof)
        finally:
            holds = proof.finish()
            if options.down:
                on.cluster("down")
    if not options.down:
        port = instance.ports.http
        print(f"\nAll of it goes on at http://madang.localhost:{port}/; `make down` stops it.")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
