"""The platform's own image: Python, git, our dependencies and our packages."""

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from localcluster.errors import ClusterError
from localcluster.images.bases import python_image
from localcluster.images.debian import with_script
from localcluster.images.ingredients import Ingredients
from localcluster.images.languages import COMPILE
from localcluster.images.layer import pack
from localcluster.images.oci import Image, Layer
from localcluster.images.overlay import within
from localcluster.images.store import Store, run

PYTHON = "3.12"
USER = 10001

_SITE = f"/usr/local/lib/python{PYTHON}/site-packages"
_PACKAGES = ("portal", "deployer", "spot")  # the embedded cluster runs on the host only


_STATIC_FILES = """
if python3 -c 'from django.conf import settings; raise SystemExit(settings.STATIC_ROOT is None)'; then
  django-admin collectstatic --noinput --verbosity 0
fi
"""


def project_image(made_from: Ingredients) -> Image:
    """The image of the project's working tree. Only what changed is made again: our own layer in seconds,
    the dependencies' when uv.lock did."""
    store, tree = made_from.store, made_from.tree
    base = python_image(store, PYTHON)
    image = with_script(
        store, base, f"useradd --uid {USER} --no-create-home --home-dir /tmp madang\ninstall git"
    )
    requirements = _requirements(store, tree)
    wheel = _wheel(store, tree)
    image = image.with_layer(store.layer(dependencies, base.layers, requirements, PYTHON))
    image = image.with_layer(store.layer(own_packages, image.layers, wheel))
    return image.with_config(
        Env=[
            "DJANGO_SETTINGS_MODULE=portal.settings",
            "HOME=/tmp",
            "PYTHONDONTWRITEBYTECODE=1",
            "PYTHONUNBUFFERED=1",
        ],
        WorkingDir="/tmp",  # noqa: S108 - the one folder that a pod can write to
        User=f"{USER}:{USER}",
        Cmd=["uvicorn", "portal.asgi:application", "--host", "0.0.0.0", "--port", "8000"],  # noqa: S104
    )


def dependencies(store: Store, below: tuple[Layer, ...], requirements: str, python: str) -> Layer:
    with store.scratch() as work:
        listed, target = work / "requirements.txt", work / "target"
        listed.write_text(requirements)
        command: list[str | Path] = [_uv(store), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--only-binary=:all:", "--python-version", python, "--python-platform", "linux"]
        command += ["--link-mode=copy", "--target", target, "-r", listed]
        run(command, "fetch the project's dependencies")
        programs = target / "bin"
        for script in programs.iterdir() if programs.exists() else ():
            _point_to_python(script, python)
        with store.scratch() as scratch:
            compiling = f"{COMPILE} -s /mnt -p {_SITE} /mnt || true"  # some packages ship templates named .py
            within(store, scratch, below, compiling, "compile the dependencies", mounts={"/mnt": target})
        shutil.move(programs, work / "bin")
        return pack(store.blobs, {_SITE: target, "/usr/local/bin": work / "bin"})


def own_packages(store: Store, below: tuple[Layer, ...], wheel: tuple[tuple[str, bytes], ...]) -> Layer:
    with store.scratch() as work, store.scratch() as scratch:
        for name, data in wheel:
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        script = f"{COMPILE} -s /mnt -p {_SITE} /mnt\n{_STATIC_FILES}"
        environment = {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "MADANG_SECRET_KEY": "only while the image is made",
            "PYTHONPATH": "/mnt",
        }
        upper = within(
            store,
            scratch,
            below,
            script,
            "compile the project",
            mounts={"/mnt": work},
            environment=environment,
        )
        static = {f"/{path.name}": path for path in upper.iterdir()}
        return pack(store.blobs, {**static, _SITE: work})


def _requirements(store: Store, tree: Path) -> str:
    """uv.lock as pip reads it: exact versions with hashes, without our own packages and without dev's."""
    command: list[str | Path] = [_uv(store), "export", "--quiet", "--frozen", "--no-dev", "--no-header"]
    command += ["--no-emit-workspace", "--no-annotate", "--package", "madang", "--project", tree]
    return run(command, "read uv.lock", cwd=tree)


def _wheel(store: Store, tree: Path) -> tuple[tuple[str, bytes], ...]:
    """(name, content) of each file that a real wheel of the tree holds for the image."""
    with store.scratch() as work:
        run([_uv(store), "build", "--quiet", "--wheel", "--out-dir", work, tree], "build the project's wheel")
        with zipfile.ZipFile(next(work.glob("*.whl"))) as wheel:
            names = [info.filename for info in wheel.infolist() if not info.is_dir()]
            return tuple((name, wheel.read(name)) for name in sorted(names) if _belongs(name))


def _belongs(name: str) -> bool:
    """RECORD is left out: it lists the packages that are left out."""
    top = PurePosixPath(name).parts[0]
    return top in _PACKAGES or (top.endswith(".dist-info") and not name.endswith("/RECORD"))


def _point_to_python(script: Path, python: str) -> None:
    data = script.read_bytes()
    first, _, rest = data.partition(b"\n")
    if first.startswith(b"#!") and b"python" in first:
        script.write_bytes(f"#!/usr/local/bin/python{python}\n".encode() + rest)


def _uv(store: Store) -> str:
    """The machine's uv, or the one that bin/setup put into the cache."""
    if found := shutil.which("uv"):
        return found
    kept = sorted(store.root.parent.glob("uv-*/bin/uv"))
    if not kept:
        raise ClusterError("uv is missing: run bin/setup, which puts it into the cache.")
    return str(kept[-1])
