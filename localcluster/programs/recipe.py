"""What is compiled and how: pure facts, from which the cache's key follows."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "go"

TAGS = "no_btrfs,no_devmapper,no_zfs,no_tracing"
RUNC_TAGS = "seccomp,netgo,osusergo"
RUNC_LDFLAGS = "-s -w -extldflags -static"

# The last element of a Go package's path names its program; two of those say nothing.
RENAMED = {"server": "etcd", "cmd": "kube-network-policies"}

# One binary that acts as the program by whose name it is called.
KUBERNETES = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
)

COMPILED = (
    "kube",
    "etcd",
    "containerd",
    "containerd-shim-runc-v2",
    "ptp",
    "host-local",
    "portmap",
    "coredns",
    "registry",
    "metrics-server",
    "kube-network-policies",
    "pause",
    "helm",
    "buildkitd",
    "buildctl",
    "dockerfile-frontend",
)

PROGRAMS = (*COMPILED, *KUBERNETES, "runc")
"""Every name in the folder that `ensure` gives."""

PATCHES = {
    "github.com/florianl/go-nfqueue": "nfqueue-buffer.patch",
    "github.com/google/nftables": "nftables-queue.patch",
}
"""Of each module that is patched the file; go.mod replaces it by the folder of its last element."""

# The variable that holds a program's own version, and the module whose version it is.
_STAMPED = {
    "helm.sh/helm/v4/internal/version.version": "helm.sh/helm/v4",
    "github.com/moby/buildkit/version.Version": "github.com/moby/buildkit",
    "github.com/containerd/containerd/v2/version.Version": "github.com/containerd/containerd/v2",
    "github.com/distribution/distribution/v3/version.version": "github.com/distribution/distribution/v3",
}


@dataclass(frozen=True)
class Versions:
    """Module versions as go.mod requires them, such as v1.35.4."""

    of: dict[str, str]

    @classmethod
    def read(cls, go_mod: str) -> "Versions":
        return cls(dict(re.findall(r"^\s*(?:require )?([\w./~-]+) (v[\w.+-]+)", go_mod, re.MULTILINE)))

    def __getitem__(self, module: str) -> str:
        return self.of[module]


def ldflags(versions: Versions) -> str:
    """Linker flags that stamp each program with its module's version.

    Without them `kubectl version` says v0.0.0-master and a kubelet registers as that. etcd, coredns and
    runc hold theirs in their sources.
    """
    kubernetes = versions["k8s.io/kubernetes"]
    major, minor, _ = kubernetes.removeprefix("v").split(".", 2)
    stamps: list[str] = []
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        values = {
            "gitVersion": kubernetes,
            "gitMajor": major,
            "gitMinor": minor,
            "gitTreeState": "clean",
            "gitCommit": "module",
            "buildDate": "2026-01-01T00:00:00Z",
        }
        stamps += [f"{package}.{name}={value}" for name, value in values.items()]
    stamps += [f"{variable}={versions[module]}" for variable, module in _STAMPED.items()]
    return " ".join(["-s -w", *(f"-X {stamp}" for stamp in stamps)])


def key(source: Path, go_version: str, architecture: str, runc: str) -> str:
    """Names the cache folder: any other input gives another name.

    `runc` tells how runc is had: "compiled", or the path of the machine's own.
    """
    digest = hashlib.sha256()
    for path in sorted(inputs(source)):
        digest.update(f"{path.relative_to(source)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    settings = (
        TAGS,
        RUNC_TAGS,
        RUNC_LDFLAGS,
        ldflags(Versions.read((source / "go.mod").read_text())),
        RENAMED,
    )
    digest.update(repr((settings, go_version, architecture, runc, PROGRAMS)).encode())
    return digest.hexdigest()[:16]


def inputs(source: Path) -> Iterable[Path]:
    """The files that decide what is compiled."""
    for name in ("go.mod", "go.sum", *PATCHES.values(), "runc/go.mod", "runc/go.sum"):
        yield source / name
    yield from (path for path in (source / "cmd").rglob("*") if path.is_file())
