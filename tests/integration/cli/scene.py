"""A small real HTTP server whose answers a test writes, and a student whose home is empty."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    """status 0: closed without an answer. lines: an NDJSON stream; cut: closed in its middle."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    lines: list[dict[str, Any]] | None = None
    text: str | None = None
    cut: bool = False


class Server:
    """Answers each path with what the test put there, the last one again and again."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                outer.asked.append(Asked(self.command, self.path, dict(self.headers), body))
                self._send(outer.next_answer(self.command, self.path.partition("?")[0]))

            def _send(self, answer: Answer) -> None:
                if answer.status == 0:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.lines is None:
                    content = (
                        (answer.text or "").encode()
                        if answer.body is None
                        else json.dumps(answer.body).encode()
                    )
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                    return
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for line in answer.lines:
                    chunk = json.dumps(line).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                if answer.cut:
                    self.close_connection = True
                else:
                    self.wfile.write(b"0\r\n\r\n")

            do_GET = do_POST = do_PATCH = do_DELETE = _serve

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._http.server_port
        self.url = f"http://madang.localhost:{self.port}"
        self.git_url = f"http://git.madang.localhost:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        self._thread.start()

    def on(self, method: str, path: str, *answers: Answer) -> None:
        self._answers[method, f"/api/v1{path}"] = list(answers)

    def next_answer(self, method: str, path: str) -> Answer:
        answers = self._answers.get((method, path))
        if not answers:
            return Answer(404)
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def whoami(self, *, club: str = "robotics", project: str | None = None) -> None:
        key = {"id": "k1", "name": "laptop", "scopes": ["read", "deploy"], "club": club, "project": project}
        self.on("GET", "/whoami", Answer(body={"key": {**key, "expires_at": None}, "git_url": self.git_url}))

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@dataclass
class Student:
    """Runs commands as a person whose home folder is empty."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_STATE_HOME": str(self.home / ".state"),
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def run(
        self, *words: str, cwd: Path | None = None, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=cwd or self.home,
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def madang(
        self, *words: str, cwd: Path | None = None, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return self.run("madang", *words, cwd=cwd, stdin=stdin, **environment)

    def repository(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir()
        self.run("git", "init", "-q", "-b", "main", cwd=folder)
        return folder
