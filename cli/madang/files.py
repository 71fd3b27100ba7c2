"""Small private JSON files, replaced in one step so that a killed command leaves the old one whole."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from madang.problem import Problem


def read_json(path: Path) -> dict[str, Any]:
    """The file's object; an empty one when there is no file. Raises Problem when it cannot be read."""
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Problem(
            what=f"{path} cannot be read.",
            evidence=str(error),
            next="Delete it; if it held your keys, log in again: madang login",
            reason="unreadable-file",
        ) from error
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replaces the file; only its owner may read it (0600). Raises Problem when it cannot be written."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False, indent=2)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Problem(
            what=f"{path} cannot be written.",
            evidence=str(error),
            next="Make the folder writable or free some space, then run the command again.",
            reason="unwritable-file",
        ) from error
