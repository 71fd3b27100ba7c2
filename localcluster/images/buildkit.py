"""The builder, which turns a commit into an image, and the Dockerfile frontend that builds may ask for."""

from localcluster.images.debian import FILES, debian, with_packages
from localcluster.images.ingredients import Ingredients
from localcluster.images.oci import Image

FRONTEND_TAGS = ("1", "latest", *(f"1.{minor}" for minor in range(2, 23)))
"""What `# syntax=docker/dockerfile:…` may name; the frontend takes all older syntax."""

_CAPABILITIES = ("inputs", "subrequests", "contexts", "gitquerystring")


def builder(made_from: Ingredients) -> Image:
    """Debian with BuildKit, runc, and the commands `fetch-source` and `build-image` of the build Job."""
    scripts = [FILES / "builder" / name for name in ("build-image", "build-runtime", "fetch-source")]
    programs = {name: made_from.program(name) for name in ("runc", "buildkitd", "buildctl")}
    # The programs in a layer of their own: a changed script is then a layer of a few kB.
    return (
        tools(made_from)
        .with_layer(
            made_from.executables("/usr/local/bin", programs),
            made_from.executables("/usr/local/bin", {script.name: script for script in scripts}),
            made_from.executables("/etc/buildkit", {"buildkitd.toml": FILES / "builder/buildkitd.toml"}),
        )
        .with_config(Cmd=["build-image"], Volumes={"/var/lib/buildkit": {}})
    )


def tools(made_from: Ingredients) -> Image:
    """What the builder's commands need of Debian."""
    return with_packages(made_from.store, debian(made_from.store), "git", "jq", "curl")


def frontend(made_from: Ingredients) -> Image:
    """Like Docker Hub's docker/dockerfile, so that `# syntax=` lines find it in the mirror.

    Without that one's wish for no network (moby.buildkit.frontend.network.none): a build's pod may not
    configure the loopback of a network namespace of its own.
    """
    name = "dockerfile-frontend"
    return Image((made_from.executables("/bin", {name: made_from.program(name)}),)).with_config(
        Entrypoint=[f"/bin/{name}"],
        Labels={
            "moby.buildkit.frontend.caps": ",".join(
                f"moby.buildkit.frontend.{word}" for word in _CAPABILITIES
            ),
        },
    )
