"""What the API server's answers become."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deployer.errors import PermanentError, TemporaryError
from deployer.kube import Conflict, Kube, Missing


def config(name: str, **data: str) -> dict[str, object]:
    metadata = {"name": name, "namespace": "default", "labels": {"group": name}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def test_applying_again_removes_what_is_no_longer_named(kube: Kube) -> None:
    kube.apply(config("applied", first="1", second="2"))
    applied = kube.apply(config("applied", first="3"))
    assert applied["data"] == {"first": "3"}


def test_applying_over_a_version_that_has_moved_on_is_a_conflict(kube: Kube) -> None:
    old = kube.apply(config("moved", key="1"))["metadata"]["resourceVersion"]
    kube.apply(config("moved", key="2"))
    late = config("moved", key="3")
    late["metadata"]["resourceVersion"] = old  # type: ignore[index]
    with pytest.raises(Conflict):
        kube.apply(late)


def test_what_is_not_there_is_none_and_deleting_it_is_no_error(kube: Kube) -> None:
    assert kube.get("ConfigMap", "default", "absent") is None
    assert kube.delete("ConfigMap", "default", "absent") is False


def test_objects_are_found_by_label(kube: Kube) -> None:
    kube.apply(config("labelled", key="1"))
    found = kube.find("ConfigMap", "default", labels={"group": "labelled"})
    assert [item["metadata"]["name"] for item in found] == ["labelled"]


def test_making_what_is_there_is_a_conflict(kube: Kube) -> None:
    kube.apply(config("made", key="1"))
    with pytest.raises(Conflict):
        kube.create(config("made", key="1"))


def test_a_namespace_that_is_not_there_is_told_as_missing(kube: Kube) -> None:
    manifest = config("lost", key="1")
    manifest["metadata"]["namespace"] = "nowhere"  # type: ignore[index]
    with pytest.raises(Missing) as missing:
        kube.create(manifest)
    assert "nowhere" in missing.value.explanation.evidence


def test_an_object_that_the_api_refuses_is_the_platforms_mistake(kube: Kube) -> None:
    manifest = config("Not A Name", key="1")
    with pytest.raises(PermanentError) as refused:
        kube.create(manifest)
    assert refused.value.explanation.reason == "kubernetes-refused"
    assert "Not A Name" in refused.value.explanation.evidence


def test_an_api_server_that_is_not_there_is_trouble_that_passes(
    kube: Kube, api_server: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dead = tmp_path / "kubeconfig"
    dead.write_text(re.sub(r"https://127\.0\.0\.1:\d+", "https://127.0.0.1:1", api_server.read_text()))
    monkeypatch.setenv("KUBECONFIG", str(dead))
    with pytest.raises(TemporaryError):
        Kube.from_environment().get("ConfigMap", "default", "any")


def test_without_a_cluster_the_setting_to_make_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(PermanentError) as unconfigured:
        Kube.from_environment()
    assert "KUBECONFIG" in unconfigured.value.explanation.next


def test_a_namespace_that_is_still_being_emptied_is_trouble_that_passes(kube: Kube) -> None:
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "going"}})
    # A finalizer keeps it in that state for as long as the test needs.
    held = {"name": "held", "namespace": "going", "finalizers": ["madang.dev/tests"]}
    kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held})
    kube.delete("Namespace", None, "going")
    manifest = config("late", key="1")
    manifest["metadata"]["namespace"] = "going"  # type: ignore[index]
    try:
        with pytest.raises(TemporaryError):
            kube.create(manifest)
    finally:
        kube.merge("ConfigMap", "going", "held", {"metadata": {"finalizers": None}})
