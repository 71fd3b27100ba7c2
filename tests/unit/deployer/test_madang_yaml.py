"""madang.yaml and Procfile: what they may say, and how they are refused."""

from __future__ import annotations

import pytest

from deployer.errors import UserError
from deployer.source import Manifest, WebSettings
from deployer.source.manifest import parse_manifest
from deployer.source.procfile import parse_procfile


def test_every_setting_is_read() -> None:
    text = """
web:
  command: python app.py
  port: 9000
  health: /ready
  replicas: 2
  memory: 512Mi
  cpu: 0.5
build:
  dockerfile: ./deploy/Dockerfile
"""
    web = WebSettings("python app.py", 9000, "/ready", 2, 512 << 20, 500)
    assert parse_manifest(text) == Manifest(web=web, dockerfile="deploy/Dockerfile")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "web:\n", "web: {}\nbuild:\n"])
def test_saying_nothing_is_allowed(text: str) -> None:
    assert parse_manifest(text) == Manifest()


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("web:\n  prot: 80\n", 2, "`web.prot` is not a setting"),
        ("wbe:\n  port: 80\n", 1, "`wbe` is not a setting"),
        ("web:\n  port: 0\n", 2, "web.port"),
        ("web:\n  port: 80\n  health: ready\n", 3, "begins with /"),
        ("web:\n  memory: 512\n", 2, "256Mi"),
        ("web:\n  cpu: fast\n", 2, "500m"),
        ("web:\n  replicas: 100\n", 2, "web.replicas"),
        ("web:\n  port: [\n", 3, "not YAML"),
        ("- web\n", 1, "list of settings"),
        ("build:\n  dockerfile: ../other\n", 2, "relative to its root"),
        ("web: 5\n", 1, "web"),
        ('web:\n  health: "/a\\nb"\n', 2, "begins with /"),
        ("web:\n  health: /" + "a" * 200 + "\n", 2, "web.health"),
        ("web:\n  memory: " + "9" * 400 + "Gi\n", 2, "256Mi"),
        ("web:\n  cpu: " + "9" * 400 + "\n", 2, "500m"),
        # What Python's own errors would be, and a value that unfolds to gigabytes.
        ("web:\n  port: 2026-99-99\n", 1, "not YAML"),
        ("[" * 5000, 1, "not YAML"),
        ("web:\n  command: &one x\n  memory: [*one, *one]\n", 3, "aliases"),
    ],
)
def test_a_mistake_is_refused_with_its_line(text: str, line: int, word: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_manifest(text)
    explanation = refused.value.explanation
    assert f"madang.yaml line {line}:" in explanation.what
    assert word in explanation.what


def test_an_unknown_setting_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError) as refused:
        parse_manifest("web:\n  memroy: 1Gi\n")
    assert "command, port, health, replicas, memory, cpu" in refused.value.explanation.what
    assert refused.value.explanation.evidence == "memroy: 1Gi"


def test_a_procfile_names_a_command_for_each_type() -> None:
    assert parse_procfile("# comment\nweb: gunicorn a:b\n\nworker:python w.py\n") == {
        "web": "gunicorn a:b",
        "worker": "python w.py",
    }


def test_a_procfile_mistake_is_refused_with_its_line() -> None:
    with pytest.raises(UserError) as refused:
        parse_procfile("web: a\nnonsense\n")
    assert "Procfile line 2" in refused.value.explanation.what
