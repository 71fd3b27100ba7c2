"""Keeps one node's place: serves its metadata, carries out what was announced, puts a new instance there.

Every step is written down before it is taken and may be taken again, so a keeper that was killed goes on
where it stopped.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from subprocess import CalledProcessError

from localcluster.cloud import lifecycle
from localcluster.cloud.cluster import ApiProblem, Cluster, Standing
from localcluster.cloud.lifecycle import Step
from localcluster.cloud.machines import Machines
from localcluster.cloud.metadata import ADDRESS, PORT, metadata_application
from localcluster.cloud.namespace import MachineGone, listen_inside
from localcluster.cloud.record import CloudInstance, MachineRun, State
from localcluster.cloud.serving import Served
from localcluster.cloud.store import Store
from localcluster.instance import Node

LOOK_SECONDS = 1.0
LOST_SECONDS = 20.0
"""So long a machine may be missing before it counts as lost: `up` takes it down to change it."""
READY_SECONDS = 0.3
IDENTIFY_SECONDS = 10.0
"""A Node that somebody deleted comes back without its instance's id."""
GIVES_WAY = timedelta(seconds=60)
"""So long a new machine gives way to those that serve: on a busy computer it would not start at all."""
RETRY_SECONDS = (0.5, 10.0)
log = logging.getLogger("cloud")


class Keeper:
    """The keeper of one node; `run` until cancelled."""

    def __init__(
        self, node: Node, store: Store, machines: Machines, cluster: Cluster, replacement_delay_seconds: float
    ) -> None:
        self.node = node
        self._store, self._machines, self._cluster = store, machines, cluster
        self._delay_seconds = replacement_delay_seconds
        self._record = store.read(node.name)
        self._missing_since: float | None = None
        self._identified_at: float | None = None
        self._at_work = False
        self._changed = asyncio.Event()
        self._served: tuple[MachineRun, Served] | None = None

    @property
    def record(self) -> CloudInstance | None:
        """The instance in the place; None before the node's first start."""
        return self._record

    def change(self, change: Callable[[CloudInstance], CloudInstance]) -> CloudInstance | None:
        """Announce or call off, at once on the disk and in the metadata. None: there is no instance yet."""
        if self._record is None:
            return None
        self._write(change(self._record))
        self._changed.set()
        return self._record

    async def run(self) -> None:
        failures = 0
        try:
            while True:
                try:
                    pause = await self._turn()
                    failures = 0
                except Exception as problem:
                    first, last = RETRY_SECONDS
                    pause = min(first * 2**failures, last) * random.uniform(0.5, 1)  # noqa: S311
                    failures = min(failures + 1, 10)
                    log.warning(
                        "%s: %s; again in %.1f s", self.node.name, problem, pause, exc_info=failures == 1
                    )
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), pause)
                self._changed.clear()
        finally:
            await self._close()

    async def _turn(self) -> float:
        """Look at the machine, take at most one step; gives the seconds until the next look."""
        now, machine = datetime.now(UTC), self._machines.running(self.node.name)
        if self._record is None:
            if machine is None:
                return LOOK_SECONDS
            self._write(lifecycle.launch(self.node, now, machine))
            log.info("%s: instance %s", self.node.name, self._current().instance_id)
        self._write(lifecycle.observe(self._current(), self.node, machine, now))
        await self._serve(machine)
        if not self._at_work and now - self._current().launched_at > GIVES_WAY:
            self._let_work()
        decision = lifecycle.decide(self._current(), now, self._delay_seconds, self._is_lost(machine))
        if decision.step:
            return await self._take(decision.step)
        await self._identify_again()
        wait = (decision.wake_at - now).total_seconds() if decision.wake_at else LOOK_SECONDS
        return max(0.0, min(wait, LOOK_SECONDS))

    async def _take(self, step: Step) -> float:
        record = self._current()
        match step:
            case Step.AWAIT_READY:
                with suppress(ApiProblem):  # while the cluster comes up the API server is not there yet
                    standing = await self._cluster.identify(self.node.name, record.provider_id)
                    if standing is not Standing.NOT_READY:
                        self._write(lifecycle.ready(self._current()))
                        log.info("%s: %s is ready", self.node.name, record.instance_id)
                        return 0.0
                return READY_SECONDS
            case Step.START:
                self._at_work = False
                await self._start(self._machines.start)
            case Step.REBOOT_MACHINE:
                await self._start(self._machines.reboot)
            case Step.SHUT_DOWN:
                log.info("%s: %s is taken away", self.node.name, record.instance_id)
                self._write(lifecycle.shutting_down(record))
            case Step.END:
                await self._close()
                await asyncio.to_thread(self._machines.kill, self.node.name)
                log.info("%s: %s is dead", self.node.name, record.instance_id)
                pods = await self._cluster.forget_node(self.node.name)
                self._write(lifecycle.ended(self._current(), datetime.now(UTC)))
                log.info("%s: %s is gone, %d pods with it", self.node.name, record.instance_id, pods)
                # Last: a node's disk holds a gigabyte of images, and Kubernetes must not wait for it.
                await asyncio.to_thread(self._machines.clear, self.node.name)
            case Step.REBOOT:
                log.info("%s: %s is rebooted", self.node.name, record.instance_id)
                self._write(lifecycle.rebooting(record))
            case Step.REPLACE:
                self._write(lifecycle.launch(self.node, datetime.now(UTC), replaces=record.instance_id))
                log.info("%s: %s takes its place", self.node.name, self._current().instance_id)
        return 0.0

    async def _identify_again(self) -> None:
        moment = time.monotonic()
        due = self._identified_at is None or moment - self._identified_at >= IDENTIFY_SECONDS
        if (due or not self._at_work) and self._current().state is State.RUNNING:
            self._identified_at = moment
            # Not longer: a reclaim may come due meanwhile.
            with suppress(ApiProblem, TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    standing = await self._cluster.identify(self.node.name, self._current().provider_id)
                    if standing is Standing.AT_WORK and not self._at_work:
                        self._let_work()

    def _let_work(self) -> None:
        self._machines.at_work(self.node.name)
        self._at_work = True

    def _is_lost(self, machine: MachineRun | None) -> bool:
        if machine is not None:
            self._missing_since = None
            return False
        moment = time.monotonic()
        self._missing_since = self._missing_since or moment
        return moment - self._missing_since >= LOST_SECONDS

    async def _start(self, start: Callable[[str], MachineRun]) -> None:
        await self._close()
        machine = await asyncio.to_thread(start, self.node.name)
        self._write(lifecycle.started(self._current(), machine))

    async def _serve(self, machine: MachineRun | None) -> None:
        """Have the metadata service listen in the machine that runs, and in no other."""
        if self._served and self._served[0] != machine:
            await self._close()
        if machine and not self._served and self._current().state is not State.SHUTTING_DOWN:
            try:
                listener = await asyncio.to_thread(listen_inside, machine, ADDRESS, PORT)
            except (MachineGone, OSError, CalledProcessError) as problem:
                # No reason to keep a node alive beyond its time.
                log.warning("%s: no metadata service yet: %r", self.node.name, problem)
                return
            self._served = machine, Served(metadata_application(self._current), listener)

    async def _close(self) -> None:
        if self._served:
            served, self._served = self._served[1], None
            await served.stop()

    def _current(self) -> CloudInstance:
        if self._record is None:
            raise LookupError(f"{self.node.name} has no instance")
        return self._record

    def _write(self, record: CloudInstance) -> None:
        if record != self._record:
            self._store.write(record)
            self._record = record
