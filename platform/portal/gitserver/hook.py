"""git's hooks of a push: pass on what git says to the git server, print what it answers.

Runs as its own small process under `python -I -S`: standard library only, nothing of the portal. What it
says when the server is gone the server has given it (`portal.gitserver.wording.last_words`).
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

_GIT_VARIABLES = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")


def ask(question: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One line of JSON to the server, its answer line by line."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(os.environ["MADANG_PUSH_SOCKET"])
        question["secret"] = os.environ["MADANG_PUSH_SECRET"]
        connection.sendall(json.dumps(question).encode() + b"\n")
        with connection.makefile("rb") as answers:
            for line in answers:
                yield json.loads(line)


def pre_receive() -> int:
    """Prints the deploy as it goes; the server's verdict is the exit code."""
    speak_utf8()
    updates = [line.rstrip("\n").split(" ", 2) for line in sys.stdin]
    environment = {name: os.environ[name] for name in _GIT_VARIABLES if name in os.environ}
    accepted = False
    try:
        for answer in ask({"hook": "pre-receive", "updates": updates, "environment": environment}):
            if "text" in answer:
                print(answer["text"], flush=True)
            accepted = accepted or bool(answer.get("accepted"))
            if "exit" in answer:
                return int(answer["exit"])
    except BrokenPipeError:
        return 1
    except OSError as error:
        print(f"({error.strerror})", file=sys.stderr)
    print(last_words()["accepted" if accepted else "nothing"], flush=True)
    return 1


def proc_receive() -> int:
    """githooks(5), proc-receive: the server moves the branch, the results go back to receive-pack."""
    git, answer = sys.stdin.buffer, sys.stdout.buffer
    read_packets(git)
    answer.write(packet("version=1\n") + b"0000")
    answer.flush()
    updates = [line.split(" ", 2) for line in read_packets(git)]
    results = {ref: last_words()["restarting"] for _, _, ref in updates}
    try:
        for reply in ask({"hook": "proc-receive", "updates": updates}):
            results.update(reply.get("results", {}))
    except OSError as error:
        print(f"({error.strerror})", file=sys.stderr)
    for ref, problem in results.items():
        answer.write(packet(f"ng {ref} {problem}" if problem else f"ok {ref}"))
    answer.write(b"0000")
    answer.flush()
    return 0


def last_words() -> dict[str, str]:
    """What is said when the server does not answer any more."""
    found: dict[str, str] = json.loads(os.environ["MADANG_PUSH_LAST_WORDS"])
    return found


def speak_utf8() -> None:
    """Whatever the locale: names of refs pass as they are, and what is said is not English alone."""
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


def read_packets(stream: BinaryIO) -> list[str]:
    """gitprotocol-common(5): lines up to a flush packet."""
    lines = []
    while (head := stream.read(4)) and (size := int(head, 16)):
        lines.append(stream.read(size - 4).decode("utf-8", "surrogateescape").rstrip("\n"))
    return lines


def packet(text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return b"%04x%s" % (len(data) + 4, data)


if __name__ == "__main__":
    sys.exit({"pre-receive": pre_receive, "proc-receive": proc_receive}[sys.argv[1]]())
