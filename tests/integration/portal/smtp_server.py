"""A mail server that takes, refuses or puts off, by its recipients' names."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class SmtpServer:
    """`answers` maps a recipient to the reply to RCPT; others are taken. `received` are whole messages."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    received: list[EmailMessage] = field(default_factory=list)


@contextmanager
def running_smtp_server() -> Iterator[SmtpServer]:
    """On 127.0.0.1, speaking as much of RFC 5321 as a client needs."""
    state = SmtpServer()

    class Dialogue(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 ready")
            while line := self.rfile.readline():
                words = line.decode().strip()
                verb = words[:4].upper()
                if verb == "EHLO":
                    self.say("250-here")
                    self.say("250 8BITMIME")
                elif verb == "RCPT":
                    recipient = words.partition("<")[2].partition(">")[0]
                    self.say(state.answers.get(recipient, "250 fine"))
                elif verb == "DATA":
                    self.say("354 go on")
                    self.take()
                    self.say("250 taken")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 fine")

        def take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b"."))
            message = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(message, EmailMessage)
            state.received.append(message)

        def say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dialogue) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
