"""Debian's own files as layers: the base system, and what packages add to it."""

import os
from pathlib import Path

from localcluster.images.apt_sources import machine_entries
from localcluster.images.layer import pack_tar
from localcluster.images.oci import Image, Layer
from localcluster.images.overlay import PATH, changed
from localcluster.images.store import Store, run

SUITE = "bookworm"
FILES = Path(__file__).resolve().parent / "files"

# usr-is-merged, with mmdebstrap's hook: else usrmerge comes, and perl with it (13 MB packed).
_BASE = "ca-certificates,netbase,tzdata,adduser,usr-is-merged"
_SLIM = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
)


def debian(store: Store) -> Image:
    """Like Docker Hub's debian:bookworm-slim, with the machine's apt sources: apt-get works in builds."""
    layer = store.layer(debian_base, SUITE, _BASE, _SLIM, machine_entries(SUITE), _text("docker-clean"))
    return Image((layer,), {"Env": [f"PATH={PATH}"], "Cmd": ["bash"]})


def with_packages(store: Store, image: Image, *packages: str) -> Image:
    """The image with Debian packages installed, none of those that they merely recommend."""
    return with_script(store, image, f"install {' '.join(packages)}")


def with_script(store: Store, image: Image, script: str) -> Image:
    """The image as a shell script leaves it; `install NAME…` in it installs packages."""
    return image.with_layer(store.layer(debian_packages, image.layers, script))


def debian_base(
    store: Store,
    suite: str,
    packages: str,
    dpkg_options: tuple[str, ...],
    sources: tuple[str, ...],
    _docker_clean: str,
) -> Layer:
    with store.scratch() as work:
        tar = work / "root.tar"
        listed = work / "sources.list"
        listed.write_text("".join(f"{line}\n" for line in sources))
        command: list[str | Path] = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase"]
        command += ["--skip=output/dev", f"--include={packages}"]  # a user namespace cannot make devices
        command += ["--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"]
        # With docker-clean apt no longer cleans its caches by itself: remove them first, copy it in last.
        command += ['--customize-hook=rm -f "$1"/var/cache/apt/*.bin "$1"/var/cache/ldconfig/aux-cache']
        command += ['--customize-hook=mkdir -p "$1"/usr/share/man/man1']  # openjdk's postinst writes there
        command += [f"--customize-hook=copy-in {FILES / 'docker-clean'} /etc/apt/apt.conf.d"]
        command += [f"--dpkgopt={option}" for option in dpkg_options]
        command += [suite, tar, *([listed] if sources else [])]
        run(command, f"make the Debian {suite} base", env={**os.environ, "SOURCE_DATE_EPOCH": "0"})
        return pack_tar(store.blobs, tar)


def debian_packages(store: Store, below: tuple[Layer, ...], script: str) -> Layer:
    prelude = (
        'install() { apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }\napt-get update -qq\n'
    )
    tidy = (
        "\napt-get clean\nrm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/ldconfig/aux-cache "
        "/var/log/* /var/lib/dpkg/*-old /etc/*-\n"
    )
    return changed(store, below, prelude + script + tidy, f"install packages ({script.strip()})")


def _text(name: str) -> str:
    return (FILES / name).read_text()
