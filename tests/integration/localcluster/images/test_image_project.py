"""The real images of the project, made from this tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from localcluster.images.bases import python_image
from localcluster.images.ingredients import Ingredients
from localcluster.images.oci import Image
from localcluster.images.overlay import within
from localcluster.images.project import USER, agent_image, project_image
from localcluster.images.store import Store, open_store
from localcluster.instance import Instance

TREE = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def store() -> Store:
    return open_store(Instance.from_environment().cache, print)


@pytest.fixture(scope="module")
def agent(store: Store) -> Image:
    return agent_image(Ingredients(store, Path("/nonexistent"), TREE))


@pytest.fixture(scope="module")
def platform(store: Store) -> Image:
    return project_image(Ingredients(store, Path("/nonexistent"), TREE))


def said(store: Store, image: Image, program: str) -> str:
    """What a shell program says as the image's user, in its folder and with its environment."""
    environment = dict(entry.split("=", 1) for entry in image.config["Env"])
    as_user = f"setpriv --reuid={USER} --regid={USER} --clear-groups"
    script = (
        f"exec >/said 2>&1; cd {image.config['WorkingDir']}; {as_user} sh -c '{program}' || echo ended $?"
    )
    with store.scratch() as work:
        within(store, work, image.layers, script, "run the image", environment=environment)
        return (work / "upper/said").read_text()


def test_the_agents_help_is_in_its_image(store: Store, agent: Image) -> None:
    assert agent.config["Cmd"] == ["python", "-m", "spot", "agent"]
    assert said(store, agent, "python -m spot agent --help").startswith("usage: python -m spot")


def test_the_agent_starts_in_its_image_and_asks_for_a_cluster(store: Store, agent: Image) -> None:
    answer = said(store, agent, "MADANG_SPOT_NODE_NAME=spot-1 python -m spot agent")
    assert answer.startswith("No cluster is configured")
    assert answer.endswith("ended 1\n")


def test_the_agents_image_holds_what_the_agent_imports_and_no_more(store: Store, agent: Image) -> None:
    found = said(
        store, agent, "pip list --format=freeze --exclude pip; ls /usr/local/lib/python3.12/site-packages"
    )
    assert "kubernetes" in found
    assert {"boto3", "django", "portal", "deployer"}.isdisjoint(found.lower().replace("==", "\n").split())
    assert said(store, agent, "command -v git") == "ended 127\n"


def test_a_node_with_a_python_project_pulls_little_for_the_agent(store: Store, agent: Image) -> None:
    shared = python_image(store, "3.12").layers
    assert agent.layers[: len(shared)] == shared
    assert sum(layer.size_bytes for layer in agent.layers[len(shared) :]) < 20_000_000


PAGES = """
import django
django.setup()
from django.template.loader import render_to_string
from django.utils.translation import gettext, override
from portal.web.pages.help.guides import guide
with override("ko"):
    print(gettext("Sign out"), render_to_string("web/mistake.html"))
print("guide:", guide("students", "ko").document.title)
"""


def test_the_platforms_image_has_its_pages_files_by_digest_their_korean_and_the_guides(
    store: Store, platform: Image
) -> None:
    code = PAGES.encode().hex()
    page = said(store, platform, f'MADANG_SECRET_KEY=x python -c "exec(bytes.fromhex(\\"{code}\\"))"')
    assert page.startswith("로그아웃")
    assert "guide: 학생을 위한 안내\n" in page
    (sheet,) = re.findall(r"/static/(web/page\.[0-9a-f]{12}\.css)", page)
    kept = said(store, platform, f"cd /usr/local/share/madang/static; ls {sheet} {sheet}.gz")
    assert "ended" not in kept
