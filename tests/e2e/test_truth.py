"""Live apps are broken in eight ways: what Madang says of each is what a visitor gets, mended too."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from tests.bench.spot import CLUB, sign_in
from tests.e2e.road import PROJECTS, Road, at_once, live_host

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("the rest")]
NAMESPACE = f"club-{CLUB}"
# So many are broken at the same time, each in its own way.
NAMES = tuple(f"breakable-{number}" for number in range(1, 5))
# An address is asked each half minute.
PATIENCE_SECONDS = 240


@dataclass(frozen=True)
class Said:
    """What the API says of the project, from the same place as its pages."""

    state: str
    reason: str
    what: str


@dataclass
class Breakable:
    """A project, live at the beginning of each test."""

    on: Road
    name: str
    host: str
    key: str

    def said(self) -> Said:
        port = self.on.instance.ports.http
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/clubs/{CLUB}/projects/{self.name}",
            headers={"Host": "madang.localhost", "Authorization": f"Bearer {self.key}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE_SECONDS) as answer:
            found = json.load(answer)
        return Said(found["state"], found["reason"], found["what"])

    def is_visited(self) -> bool:
        return self.on.visit(self.host).status == 200

    def container(self, **changed: object) -> None:
        """Behind Madang's back, and with nobody left who serves."""
        spec = {"minReadySeconds": 0, "strategy": {"type": "Recreate", "rollingUpdate": None}}
        spec["template"] = {"spec": {"containers": [{"name": "app", **changed}]}}
        self.kubectl("patch", "deployment", self.name, "-p", json.dumps({"spec": spec}))

    def kubectl(self, *words: str) -> str:
        return self.on.kubectl("-n", NAMESPACE, *words)

    def agree(self, *, live: bool, reason: str = "") -> Said:
        """Waits until a visitor gets it so, then until Madang says so and it is still so for the visitor."""
        self.on.wait_for(lambda: self.is_visited() is live, PATIENCE_SECONDS)
        wanted = "live" if live else "down"
        heard: list[Said] = []

        def agrees() -> bool:
            told = self.said()
            heard.append(told)
            return told.state == wanted and (live or told.reason == reason) and self.is_visited() is live

        self.on.wait_for(agrees, PATIENCE_SECONDS)
        return heard[-1]


@pytest.fixture(scope="module")
def apps(platform: Road) -> list[Breakable]:
    on = platform
    sign_in(on)
    key = re.search(r"mdg_[A-Za-z0-9_-]+", on.admin("create_key", CLUB, "--name", "truth"))
    assert key is not None, "create_key printed no key"
    folders = [on.checkout(PROJECTS / "breakable", name) for name in NAMES]
    for name, folder in zip(NAMES, folders, strict=True):
        on.create_project(CLUB, name, folder)
    push = partial(on.student, "git", "push", "madang", "main", show=True)
    done = at_once(*(partial(push, cwd=at, as_=f"{name}  ") for name, at in zip(NAMES, folders, strict=True)))
    return [Breakable(on, name, live_host(told), key.group()) for name, told in zip(NAMES, done, strict=True)]


Mend = Callable[[], object]


def by_itself(how: str) -> Callable[[Breakable], Mend]:
    """The app's own code breaks."""

    def break_it(app: Breakable) -> Mend:
        app.container(env=[{"name": "BREAK", "value": how}])
        return lambda: app.container(env=[{"name": "BREAK", "value": ""}])

    return break_it


def no_copies(app: Breakable) -> Mend:
    app.kubectl("scale", "deployment", app.name, "--replicas=0")
    return lambda: app.kubectl("scale", "deployment", app.name, "--replicas=1")


def no_image(app: Breakable) -> Mend:
    image = "jsonpath={.spec.template.spec.containers[0].image}"
    there = app.kubectl("get", "deployment", app.name, "-o", image).strip()
    repository, _, _digest = there.partition("@")
    app.container(image=f"{repository}@sha256:{0:064}")
    return lambda: app.container(image=there)


def no_address(app: Breakable) -> Mend:
    ingress = json.loads(app.kubectl("get", "ingress", app.name, "-o", "json"))
    patch = ("patch", "ingress", app.name)
    app.kubectl(*patch, "-p", json.dumps({"spec": {"ingressClassName": "none"}}))
    rules = ingress["spec"]["rules"]
    elsewhere = [{**rules[0], "host": "elsewhere.example"}]
    app.kubectl(*patch, "--type=merge", "-p", json.dumps({"spec": {"rules": elsewhere}}))
    back = {"spec": {"ingressClassName": ingress["spec"]["ingressClassName"], "rules": rules}}
    return lambda: app.kubectl(*patch, "--type=merge", "-p", json.dumps(back))


# The reason that Madang gives, and how an app gets there.
WAYS = {
    "crash-loop": by_itself("crash"),
    "out-of-memory": by_itself("memory"),
    "not-listening": by_itself("local"),
    "app-error": by_itself("error"),
    "slow": by_itself("slow"),
    "scaled-to-zero": no_copies,
    "image-pull": no_image,
    "address-missing": no_address,
}
FROM_OUTSIDE = ("scaled-to-zero", "image-pull", "address-missing")


@pytest.mark.parametrize("reasons", [list(WAYS)[: len(NAMES)], list(WAYS)[len(NAMES) :]], ids=", ".join)
def test_what_is_said_of_a_broken_app_is_what_its_visitors_get(
    apps: list[Breakable], reasons: list[str]
) -> None:
    mends: list[Mend] = []
    for app in apps:
        app.agree(live=True)
    try:
        for app, reason in zip(apps, reasons, strict=True):
            mends.append(WAYS[reason](app))
        for app, reason in zip(apps, reasons, strict=True):
            told = app.agree(live=False, reason=reason)
            assert reason in FROM_OUTSIDE or not told.what.startswith("Not your code"), told
    finally:
        for mend in mends:
            mend()
    for app in apps:
        app.agree(live=True)
