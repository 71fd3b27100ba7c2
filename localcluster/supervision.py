"""The programs of a machine: started when what they need is there, started again when they die or hang."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from localcluster import cgroups
from localcluster.listening import listen
from localcluster.program import HOST_NETWORK, Program, answers

LOG_LIMIT_BYTES = 32 << 20
PODS_GRACE_SECONDS = 8.0
PROGRAMS_GRACE_SECONDS = 2.0
HANGING_AFTER_FAILURES = 4
CHECK_SECONDS = 3.0
LOOK_SECONDS = 0.05
# A request each: ten programs of a cluster ask the API server while it comes up, on the same processors.
ASK_SECONDS = 0.25


class Supervisor:
    """Runs as PID 1: it also reaps orphans, since containers' shims are orphans by design."""

    def __init__(self, programs: tuple[Program, ...], home: Path) -> None:
        self._programs = programs
        self._home = home
        self._sockets: dict[str, list[socket.socket]] = {}
        self._host_network = -1
        self._running: dict[int, tuple[Program, float]] = {}
        self._deaths: dict[str, int] = {}
        self._stopping = False
        # Held around every start and every reaping: a program that dies at once would otherwise be reaped
        # before it is known here, and stay dead for good.
        self._lock = threading.Lock()

    def open_host_side(self) -> None:
        """Make the listening sockets while the process is still in the host's network; raises OSError."""
        self._host_network = os.open("/proc/self/ns/net", os.O_RDONLY)
        for program in self._programs:
            self._sockets[program.name] = [listen(address) for address in program.listen]

    def run(self) -> None:
        """Start everything and never return; SIGTERM stops the machine in good order."""
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=self._stop, daemon=True).start())
        for program in self._programs:
            self._in_background(self._start_when_ready, program)
            if program.alive:
                self._in_background(self._watch, program)
        self._in_background(self._limit_logs)
        while True:
            try:
                # Look without reaping, so that the reaping itself happens under the lock.
                os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                time.sleep(0.05)
                continue
            with self._lock:
                try:
                    pid, status = os.waitpid(-1, os.WNOHANG)
                except ChildProcessError:  # a start that failed has reaped its own
                    continue
                ended = self._running.pop(pid, None)
            if ended and not self._stopping:
                self._start_again(*ended, status)

    def _start_when_ready(self, program: Program) -> None:
        while (missing := next((each for each in program.wait_for if not answers(each)), None)) is not None:
            time.sleep(ASK_SECONDS if missing.startswith("http") else LOOK_SECONDS)
        self._start(program)

    def _start(self, program: Program) -> None:
        sockets = [s.fileno() for s in self._sockets.get(program.name, ())]
        argv = list(program.argv)
        descriptors = list(sockets)
        if any(HOST_NETWORK in a for a in argv):
            argv = [a.replace(HOST_NETWORK, f"/proc/self/fd/{self._host_network}") for a in argv]
            descriptors.append(self._host_network)
        environment = {**os.environ, **program.environment}
        if sockets:
            environment["LISTEN_FDS"] = ",".join(map(str, sockets))
        with self._lock, self._log(program.name).open("ab") as log:
            if self._stopping:
                return
            try:
                child = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=environment,
                    pass_fds=descriptors,
                    start_new_session=True,
                )
            except OSError as error:
                self._note(program, f"cannot start: {error}")
                self._later(5, program)
                return
            self._running[child.pid] = (program, time.monotonic())
            child.returncode = 0  # the reaping is ours: keep Popen from waiting for it when it is collected

    def _start_again(self, program: Program, since: float, status: int) -> None:
        quick = time.monotonic() - since < 30
        self._deaths[program.name] = self._deaths.get(program.name, 0) + 1 if quick else 0
        delay_seconds = min(0.3 * 2 ** self._deaths[program.name], 5)
        how = os.waitstatus_to_exitcode(status)
        self._note(program, f"ended ({how}); starting it again in {delay_seconds:.1f} s")
        self._later(delay_seconds, program)
        with self._lock:
            for pid, (other, _) in self._running.items():
                if program.name in other.restart_with:
                    os.kill(pid, signal.SIGKILL)

    def _later(self, seconds: float, program: Program) -> None:
        timer = threading.Timer(seconds, self._start_when_ready, [program])
        timer.daemon = True
        timer.start()

    def _watch(self, program: Program) -> None:
        failures = 0
        while not self._stopping:
            time.sleep(CHECK_SECONDS)
            with self._lock:
                pid = next((p for p, (own, _) in self._running.items() if own.name == program.name), None)
            failures = 0 if pid is None or answers(program.alive) else failures + 1
            if pid is not None and failures >= HANGING_AFTER_FAILURES:
                failures = 0
                self._note(program, f"does not answer at {program.alive}; killing it")
                with self._lock:
                    if pid in self._running:
                        os.kill(pid, signal.SIGKILL)

    def _stop(self) -> None:
        """Pods first, so that databases can close; then the programs; then ourselves, and so all the rest."""
        with self._lock:
            self._stopping = True
            programs = {program.name: pid for pid, (program, _) in self._running.items()}
        if kubelet := programs.pop("kubelet", None):
            _signal(kubelet, signal.SIGKILL)  # else it starts the pods again
        self._end(_pods, PODS_GRACE_SECONDS)
        # etcd ends in an instant; what takes longer, as the API server may, has nothing to lose.
        self._end(lambda: {pid for pid in programs.values() if pid in self._running}, PROGRAMS_GRACE_SECONDS)
        os._exit(0)

    @staticmethod
    def _end(remaining: Callable[[], set[int]], grace_seconds: float) -> None:
        deadline = time.monotonic() + grace_seconds
        for pid in remaining():
            _signal(pid, signal.SIGTERM)
        while remaining() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _limit_logs(self) -> None:
        """The programs append, so a log may be cut to nothing under their hands; one older part is kept."""
        while True:
            for program in self._programs:
                log = self._log(program.name)
                with suppress(OSError):  # there is no room for the older part: in a minute again
                    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
                        shutil.copyfile(log, log.with_suffix(".log.1"))
                        os.truncate(log, 0)
            time.sleep(60)

    def _note(self, program: Program, what: str) -> None:
        """On a full disk nothing is noted: the machine would end with its first process."""
        with suppress(OSError), self._log(program.name).open("a") as log:
            log.write(f"--- {program.name} {what}\n")

    def _log(self, name: str) -> Path:
        return self._home / f"{name}.log"

    @staticmethod
    def _in_background(work: Any, *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()


def _pods() -> set[int]:
    """Processes of pods, as this machine's PID namespace numbers them; the shims are not among them."""
    return cgroups.processes("/kubepods")


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
