"""What is read from git: a snapshot for detection, an archive for the build."""

from deployer.source.snapshot import Manifest, Snapshot, WebSettings

__all__ = ["Manifest", "Snapshot", "WebSettings"]
