"""The records of all nodes on the disk: one JSON file a node, always whole."""

import os
from pathlib import Path

from pydantic import ValidationError

from localcluster.cloud.record import CloudInstance
from localcluster.errors import ClusterError


class Store:
    """Records below `folder`; a write is on the disk when it returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # the control socket lies here too

    def read(self, node: str) -> CloudInstance | None:
        """The record of that node, if there is one. Raises ClusterError if it cannot be understood."""
        path = self._path(node)
        try:
            return CloudInstance.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as problem:
            raise ClusterError(
                f"{path} is not a record of the stand-in cloud ({problem.error_count()} problems). "
                "Remove the file: the node gets a new instance id."
            ) from problem

    def write(self, instance: CloudInstance) -> None:
        path = self._path(instance.node)
        new = path.with_suffix(".new")
        with new.open("w") as file:
            file.write(instance.model_dump_json(indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _path(self, node: str) -> Path:
        return self._folder / f"{node}.json"
