"""The images of the project itself: the platform's programs, and the agent that runs on every spot node."""

from localcluster.images.bases import python_image
from localcluster.images.debian import with_script
from localcluster.images.ingredients import Ingredients
from localcluster.images.oci import Image
from localcluster.images.page import SHARE, page_files, page_sources
from localcluster.images.python_packages import PYTHON, chosen, dependencies, locked, own_packages

USER = 10001

_ENVIRONMENT = ("HOME=/tmp", "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1")

# The folder says that files are served from there, by names with their digests.
_STATIC_FILES = f"""
mkdir -p {SHARE}/static
django-admin collectstatic --noinput --verbosity 0
"""
_DJANGO = (
    ("DJANGO_SETTINGS_MODULE", "portal.settings"),
    ("MADANG_SECRET_KEY", "only while the image is made"),
)


def project_image(made_from: Ingredients) -> Image:
    """The image of the project's working tree. Only what changed is made again: our own layer in seconds,
    the dependencies' when uv.lock did. Without localcluster, which runs on the host only."""
    store = made_from.store
    base = python_image(store, PYTHON)
    image = with_script(
        store, base, f"useradd --uid {USER} --no-create-home --home-dir /tmp madang\ninstall git"
    )
    requirements = locked(store, made_from.tree, "--no-dev")
    image = image.with_layer(store.layer(dependencies, base.layers, requirements, PYTHON))
    image = image.with_layer(store.layer(page_files, page_sources(made_from.tree)))
    files = chosen(made_from.wheel, "portal/*", "deployer/*", "spot/*", "*.dist-info/METADATA")
    image = image.with_layer(store.layer(own_packages, image.layers, files, _STATIC_FILES, _DJANGO))
    return image.with_config(
        Env=["DJANGO_SETTINGS_MODULE=portal.settings", *_ENVIRONMENT],
        WorkingDir="/tmp",  # noqa: S108 - the one folder that a pod can write to
        User=f"{USER}:{USER}",
        Cmd=["uvicorn", "portal.asgi:application", "--host", "0.0.0.0", "--port", "8000"],  # noqa: S104
    )


def agent_image(made_from: Ingredients) -> Image:
    """The spot agent's image: a fresh node pulls it first, while its projects wait.

    So it lies upon what students' Python projects bring too, and holds what the agent imports.
    """
    store = made_from.store
    image = python_image(store, PYTHON)
    requirements = locked(store, made_from.tree, "--only-group", "agent")
    image = image.with_layer(store.layer(dependencies, image.layers, requirements, PYTHON))
    image = image.with_layer(store.layer(own_packages, image.layers, chosen(made_from.wheel, "spot/*")))
    return image.with_config(
        Env=list(_ENVIRONMENT),
        WorkingDir="/tmp",  # noqa: S108 - the one folder that a pod can write to
        User=f"{USER}:{USER}",
        Cmd=["python", "-m", "spot", "agent"],
    )
