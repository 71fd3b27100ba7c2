"""What is read from git: a snapshot for detection, an archive for the build."""

from deployer.source.archive import Archive, write_archive
from deployer.source.reading import read_snapshot
from deployer.source.snapshot import Manifest, Snapshot, WebSettings

__all__ = ["Archive", "Manifest", "Snapshot", "WebSettings", "read_snapshot", "write_archive"]
