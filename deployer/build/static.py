"""A folder of web pages: served by nginx as it is."""

from __future__ import annotations

from deployer.build import choice
from deployer.build.build_plan import BuildPlan
from deployer.build.template import render
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

LOOKED_FOR = ("index.html",)


def fits(snapshot: Snapshot) -> bool:
    return "index.html" in snapshot.paths


def plan(snapshot: Snapshot) -> BuildPlan:
    port = choice.port(snapshot)
    return BuildPlan(
        language="static",
        port=port,
        dockerfile=render("static", port=port, not_found="404.html" in snapshot.paths),
        dockerignore=choice.dockerignore(snapshot),
        start="nginx",
        seen=(Sentence("index.html, so static files"),),
        notes=choice.notes(snapshot),
        web=snapshot.manifest.web,
    )
