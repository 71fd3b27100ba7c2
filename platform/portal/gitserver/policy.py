"""The git configuration that every git process of the server runs with.

It is one file given as GIT_CONFIG_GLOBAL, not settings copied into each repository: a new rule then
holds for old repositories at once.
"""

from __future__ import annotations

from pathlib import Path

# Old but harmless mistakes in histories that students fork; under fsckObjects even warnings refuse a push.
_TOLERATED = ("zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone")


def git_configuration(*, hooks: Path, push_limit_bytes: int) -> str:
    """The text of the configuration file."""
    sections: dict[str, dict[str, str]] = {
        "core": {
            "hooksPath": f'"{hooks}"',
            "logAllRefUpdates": "true",
            "fsync": "committed,loose-object,reference",
            "bigFileThreshold": "16m",
            "deltaBaseCacheLimit": "32m",
        },
        "receive": {
            "fsckObjects": "true",
            "maxInputSize": str(push_limit_bytes),
            # Always a pack: `git unpack-objects` holds whole files in memory (195 MB for one of 200 MB).
            "unpackLimit": "1",
            "denyDeletes": "true",
            "denyNonFastForwards": "false",
            "autogc": "false",
            # The branch is moved by the proc-receive hook, so that the order of builds decides, not the
            # value the branch had when a waiting push began.
            "procReceiveRefs": "refs/heads/",
            # An empty packet when hooks are silent, so that proxies keep the connection.
            "keepAlive": "5",
            "advertisePushOptions": "false",
        },
        'receive "fsck"': dict.fromkeys(_TOLERATED, "ignore"),
        "transfer": {"fsckObjects": "true", "unpackLimit": "1"},
        "uploadpack": {"allowFilter": "true", "keepAlive": "5"},
        "http": {"receivepack": "true", "uploadpack": "true", "getanyfile": "false"},
        "pack": {"threads": "1", "windowMemory": "64m"},
        "gc": {"auto": "0"},
        "safe": {"directory": "*"},
    }
    lines: list[str] = []
    for section, settings in sections.items():
        lines.append(f"[{section}]")
        lines += [f"\t{name} = {value}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"
