"""A live app is broken in eight ways: what Madang says of it is what a visitor gets, mended too."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.bench.spot import CLUB, sign_in
from tests.e2e.road import PROJECTS, Road, live_host

pytestmark = pytest.mark.cluster
NAME = "breakable"
NAMESPACE = f"club-{CLUB}"
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
    """The project, live at the beginning of each test."""

    on: Road
    host: str
    key: str

    def said(self) -> Said:
        port = self.on.instance.ports.http
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/clubs/{CLUB}/projects/{NAME}",
            headers={"Host": "madang.localhost", "Authorization": f"Bearer {self.key}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            found = json.load(answer)
        return Said(found["state"], found["reason"], found["what"])

    def is_visited(self) -> bool:
        return self.on.visit(self.host).status == 200

    def environment(self, value: str) -> None:
        self.container(env=[{"name": "BREAK", "value": value}])

    def container(self, **changed: object) -> None:
        """Behind Madang's back, and with nobody left who serves."""
        spec = {"minReadySeconds": 0, "strategy": {"type": "Recreate", "rollingUpdate": None}}
        spec["template"] = {"spec": {"containers": [{"name": "app", **changed}]}}
        self.kubectl("patch", "deployment", NAME, "-p", json.dumps({"spec": spec}))

    def kubectl(self, *words: str) -> str:
        return self.on.kubectl("-n", NAMESPACE, *words)

    def agree(self, *, live: bool, reasons: set[str] = frozenset()) -> Said:  # type: ignore[assignment]
        """Waits until a visitor gets it so, then until Madang says so; and it is still so for the visitor."""
        self.on.wait_for(lambda: self.is_visited() is live, PATIENCE_SECONDS)
        wanted = "live" if live else "down"
        self.on.wait_for(
            lambda: (told := self.said()).state == wanted and (live or told.reason in reasons),
            PATIENCE_SECONDS,
        )
        assert self.is_visited() is live
        return self.said()


@pytest.fixture(scope="module")
def app(platform: Road) -> Iterator[Breakable]:
    sign_in(platform)
    folder = platform.checkout(PROJECTS / NAME, NAME)
    platform.create_project(CLUB, NAME, folder)
    host = live_host(platform.student("git", "push", "madang", "main", cwd=folder, show=True))
    made = platform.admin("create_key", CLUB, "--name", "truth")
    key = re.search(r"mdg_[A-Za-z0-9_-]+", made)
    assert key is not None, "create_key printed no key"
    yield Breakable(platform, host, key.group())


BREAKS_BY_ITSELF = {
    "crash": "crash-loop",
    "memory": "out-of-memory",
    "local": "not-listening",
    "error": "app-error",
    "slow": "slow",
}


def test_an_app_that_breaks_in_one_way_after_another_is_told_as_it_is(app: Breakable) -> None:
    app.agree(live=True)
    try:
        for broken, reason in BREAKS_BY_ITSELF.items():
            app.environment(broken)
            told = app.agree(live=False, reasons={reason})
            assert not told.what.startswith("Not your code"), (broken, told)
    finally:
        app.environment("")
    app.agree(live=True)


def no_copies(app: Breakable) -> Callable[[], object]:
    app.kubectl("scale", "deployment", NAME, "--replicas=0")
    return lambda: app.kubectl("scale", "deployment", NAME, "--replicas=1")


def no_image(app: Breakable) -> Callable[[], object]:
    image = "jsonpath={.spec.template.spec.containers[0].image}"
    there = app.kubectl("get", "deployment", NAME, "-o", image).strip()
    repository, _, _digest = there.partition("@")
    app.container(image=f"{repository}@sha256:{0:064}")
    return lambda: app.container(image=there)


def no_address(app: Breakable) -> Callable[[], object]:
    ingress = json.loads(app.kubectl("get", "ingress", NAME, "-o", "json"))
    app.kubectl("patch", "ingress", NAME, "-p", json.dumps({"spec": {"ingressClassName": "none"}}))
    rules = ingress["spec"]["rules"]
    elsewhere = [{**rules[0], "host": "elsewhere.example"}]
    app.kubectl("patch", "ingress", NAME, "--type=merge", "-p", json.dumps({"spec": {"rules": elsewhere}}))
    back = {"spec": {"ingressClassName": ingress["spec"]["ingressClassName"], "rules": rules}}
    return lambda: app.kubectl("patch", "ingress", NAME, "--type=merge", "-p", json.dumps(back))


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [(no_copies, "scaled-to-zero"), (no_image, "image-pull"), (no_address, "address-missing")],
)
def test_what_is_changed_in_the_cluster_is_told_as_it_is(
    app: Breakable, break_it: Callable[[Breakable], Callable[[], object]], reason: str
) -> None:
    app.agree(live=True)
    mend = break_it(app)
    try:
        app.agree(live=False, reasons={reason})
    finally:
        mend()
    app.agree(live=True)
