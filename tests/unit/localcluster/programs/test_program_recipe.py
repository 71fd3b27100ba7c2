import shutil
from pathlib import Path

import pytest

from localcluster.programs import recipe
from localcluster.programs.recipe import SOURCE, Versions, key, ldflags


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCE, tmp_path / "go"))


def test_versions_are_those_of_go_mod() -> None:
    text = (
        "require (\n\tk8s.io/kubernetes v1.35.4\n\thelm.sh/helm/v4 v4.1.1 // indirect\n)\n"
        "require a.b/c v0.1.0\n"
    )
    versions = Versions.read(text)
    assert (versions["k8s.io/kubernetes"], versions["helm.sh/helm/v4"]) == ("v1.35.4", "v4.1.1")
    assert versions["a.b/c"] == "v0.1.0"


def test_programs_are_stamped_with_the_versions_that_are_compiled() -> None:
    versions = Versions.read((SOURCE / "go.mod").read_text())
    flags = ldflags(versions)
    assert f"k8s.io/component-base/version.gitVersion={versions['k8s.io/kubernetes']}" in flags
    assert f"helm.sh/helm/v4/internal/version.version={versions['helm.sh/helm/v4']}" in flags
    assert f"buildkit/version.Version={versions['github.com/moby/buildkit']}" in flags


def test_the_key_is_the_same_for_the_same_inputs(source: Path) -> None:
    assert key(source, "go1.26.6", "amd64", "compiled") == key(SOURCE, "go1.26.6", "amd64", "compiled")


@pytest.mark.parametrize(
    "name", ["go.mod", "go.sum", *recipe.PATCHES.values(), "runc/go.sum", "cmd/pause/main.go"]
)
def test_every_file_that_is_compiled_counts(source: Path, name: str) -> None:
    before = key(source, "go1.26.6", "amd64", "compiled")
    (source / name).write_text((source / name).read_text() + "\n// changed\n")
    assert key(source, "go1.26.6", "amd64", "compiled") != before


def test_the_compiler_the_architecture_and_runcs_origin_count(source: Path) -> None:
    keys = {
        key(source, *told)
        for told in (
            ("go1.26.6", "amd64", "compiled"),
            ("go1.26.7", "amd64", "compiled"),
            ("go1.26.6", "arm64", "compiled"),
            ("go1.26.6", "amd64", "/usr/bin/runc"),
        )
    }
    assert len(keys) == 4


def test_every_program_of_go_mod_is_expected() -> None:
    tools = (SOURCE / "go.mod").read_text().partition("tool (")[2].partition(")")[0].split()
    from_tools = {_last(tool) for tool in tools}
    own = {folder.name for folder in (SOURCE / "cmd").iterdir()}
    assert {recipe.RENAMED.get(name, name) for name in from_tools | own} == set(recipe.COMPILED)


def _last(package: str) -> str:
    parts = [part for part in package.split("/") if not (part[:1] == "v" and part[1:].isdigit())]
    return parts[-1]
