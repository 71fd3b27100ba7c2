"""The controller as a process: who leads, which sources speak, and the loop around `Handler.tick`."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from spot import pods, times
from spot.cloud import aws
from spot.cloud.autoscaling import AutoScaling
from spot.cloud.ec2 import Ec2
from spot.controller.ahead import Ahead
from spot.controller.annotations import Annotations
from spot.controller.deliveries import Deliveries
from spot.controller.fresh_nodes import FreshNodes
from spot.controller.handler import Handler
from spot.controller.hooks import Hooks
from spot.controller.intake import Intake, Taken
from spot.controller.journal import Journal
from spot.controller.pools import Pools
from spot.controller.work import Work
from spot.errors import PermanentError, SpotError, TemporaryError, for_each
from spot.handoff.group import Timing
from spot.handoff.way import Scope
from spot.interruption import Notice
from spot.kube import Cache, Connection
from spot.kube.lease import Lease
from spot.metrics import Metrics
from spot.outbox import Outbox
from spot.plan import Policy
from spot.reporting import Reporter
from spot.serving import serve
from spot.settings import ControllerSettings
from spot.sources.reconcile import Reconcile
from spot.sources.sqs import Queue

log = logging.getLogger(__name__)

LEASE = "spot-controller"
RENEW_SECONDS, RENEW_AGAIN_SECONDS = 1.5, 0.3
BUSY_SECONDS, IDLE_SECONDS = 0.25, 2.0
SILENT_SECONDS = 60.0


def run(settings: ControllerSettings) -> None:
    """Lead or stand by until SIGTERM or SIGINT. Raises PermanentError when no cluster is configured."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    Controller(settings, Connection.from_environment(), stopped).run()


@dataclass(frozen=True)
class _Parts:
    """What a leader consists of, besides the sources that speak by themselves."""

    handler: Handler
    annotations: Annotations
    deliveries: Deliveries | None
    fresh: FreshNodes
    hooks: Hooks
    pools: Pools
    ahead: Ahead

    def look(self, now: datetime) -> bool:
        """One look of each, what is most urgent first; whether anything is going on."""
        self.annotations.look(now)
        if self.deliveries is not None:
            self.deliveries.look()
        self.fresh.look(now)
        busy = True
        try:
            busy = self.handler.tick(now)
        finally:
            # What it stumbled over at one node is no reason for a group to wait, or for others to lack room.
            self.hooks.look(now)
            self.pools.look(now)
            self.ahead.look(now, hurried=busy)
        return busy


class Controller:
    """One of the replicas. All of them keep the cache; one acts."""

    def __init__(
        self, settings: ControllerSettings, connection: Connection, stopped: threading.Event
    ) -> None:
        self._settings, self._connection, self._stopped = settings, connection, stopped
        self._identity = f"{socket.gethostname()}-{os.getpid()}"
        self.metrics = Metrics()
        connection.pace.counted = self.metrics.request
        self._cache = Cache(connection)
        self._lease = Lease(connection, settings.namespace, LEASE, self._identity)
        self._looked_at, self._began_at = time.monotonic(), times.now()
        # Once, however often this replica leads: its numbers are registered.
        self._reconcile = Reconcile(Ec2(self._aws("ec2")), self.metrics.registry) if self._in_aws else None

    def run(self) -> None:
        checks = {"/healthz": self._alive, "/readyz": lambda: self._cache.synced}
        with serve(self._settings.controller_port, self.metrics.registry, checks):
            self._cache.start()
            while not self._stopped.is_set() and not self._cache.wait_synced(1.0):
                self._looked_at = time.monotonic()
            while not self._stopped.is_set():
                if self._holds():
                    self._try_to_lead()
                self._looked_at = time.monotonic()
                self._stopped.wait(RENEW_SECONDS)
            # Also one that it could not renew in time before it was asked to stop: nobody else has it yet.
            self._guard("release the lease", self._lease.release)
            self._cache.stop()

    def _try_to_lead(self) -> None:
        try:
            self._lead()
        except TemporaryError as error:
            # The API server or AWS was not well just now: no reason to end, and to start all anew.
            log.warning("%s could not begin to lead: %s", self._identity, error)

    def _lead(self) -> None:
        """Until the Lease is lost or the process ends."""
        log.info("%s leads", self._identity)
        self.metrics.leader.set(1)
        lost = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(lost,), name="lease", daemon=True)
        renewing.start()
        try:
            with ExitStack() as closing:
                self._loop(self._set_up(closing, lost), lost)
        finally:
            lost.set()
            renewing.join()
            self.metrics.leads_no_more()
            log.info("%s leads no more", self._identity)

    def _loop(self, parts: _Parts, lost: threading.Event) -> None:
        version = -1
        while self._lease.held and not lost.is_set() and not self._stopped.is_set():
            busy, began = True, time.monotonic()
            try:
                now = times.now()
                busy = parts.look(now)
                self.metrics.looked(parts.handler.records.values(), self._cache)
            except Exception:
                # Nothing that one look stumbles over may end the handoffs of all others.
                log.exception("a look failed")
                self.metrics.failed_looks.inc()
                time.sleep(BUSY_SECONDS)
            self._looked_at = time.monotonic()
            # However much changes, looking leaves half of the time to what follows from it.
            self._stopped.wait(self._looked_at - began)
            version = self._cache.wait_changed(version, BUSY_SECONDS if busy else IDLE_SECONDS)

    def _set_up(self, closing: ExitStack, lost: threading.Event) -> _Parts:
        settings, cache = self._settings, self._cache
        # A process that stood still must not go on as if it led: before each write the clock is asked.
        connection = self._connection.only_while(lambda: self._lease.held)
        work = Work(lambda: self._lease.held)
        closing.callback(work.stop)
        groups = AutoScaling(self._aws("autoscaling")) if self._in_aws else None
        policy = _policy(settings)
        hooks = Hooks(cache, work, groups)
        intake = Intake(connection, cache, policy, times.now, hooks.hold_of)
        report = closing.enter_context(self._reporting(lambda *known: handler.delivered(*known)))
        handler = Handler(
            connection,
            cache,
            work,
            Journal(connection, settings.namespace),
            scope=Scope(settings.platform_namespaces, settings.builds_namespace),
            timing=_timing(settings),
            policy=policy,
            report=report,
            told=self.metrics.told,
        )
        handler.resume()
        deliveries = self._follow_aws(intake, work, lost) if self._in_aws else None
        annotations = Annotations(cache, work, self._taking(intake))
        fresh = FreshNodes(
            connection,
            cache,
            work,
            self.metrics,
            agents=settings.agents,
            patience=timedelta(seconds=settings.agent_patience_seconds),
            since=self._began_at,
        )
        quiet = timedelta(seconds=settings.pool_quiet_seconds)
        pools = Pools(connection, cache, work, self.metrics, quiet)
        ahead = Ahead(connection, cache, work, self.metrics)
        return _Parts(handler, annotations, deliveries, fresh, hooks, pools, ahead)

    def _follow_aws(self, intake: Intake, work: Work, lost: threading.Event) -> Deliveries | None:
        """What the queue gives, if there is one."""
        take, deliveries = self._taking(intake), None
        if self._settings.queue_url:
            queue = Queue(self._aws("sqs"), self._settings.queue_url, self.metrics.queue)
            deliveries = Deliveries(queue, work, self.metrics, take=take, knows=intake.knows)
            arguments = (deliveries.deliver, lost)
            threading.Thread(target=queue.follow, args=arguments, name="queue", daemon=True).start()
        if self._reconcile is not None:
            deliver = partial(for_each, do=take)
            every = (self._instances, deliver, lost, self._settings.reconcile_seconds)
            threading.Thread(target=self._reconcile.follow, args=every, name="reconcile", daemon=True).start()
        return deliveries

    def _taking(self, intake: Intake) -> Callable[[Notice], Taken]:
        def take(notice: Notice) -> Taken:
            taken = intake.take(notice)
            self.metrics.notice(notice, taken)
            level = logging.INFO if taken is not Taken.KNOWN else logging.DEBUG
            log.log(level, "%s of %s from %s: %s", notice.kind, notice.instance_id, notice.source, taken)
            return taken

        return take

    @contextmanager
    def _reporting(
        self, delivered: Callable[[str, int], None]
    ) -> Iterator[Callable[[dict[str, object]], None]]:
        url = self._settings.report_url
        if url is None:
            yield lambda record: delivered(str(record["id"]), int(str(record["revision"])))
            return
        try:
            reporter = Reporter(url, self._settings.report_key)
        except PermanentError as error:
            # Records wait in the cluster for a key; no pod waits for records.
            log.error("interruptions are not reported: %s", error)
            yield lambda record: None
            return
        outbox = Outbox(reporter, delivered)
        outbox.start()
        try:
            yield outbox.put
        finally:
            outbox.stop()
            reporter.close()

    def _holds(self) -> bool:
        try:
            return self._lease.hold()
        except SpotError as error:
            log.warning("the lease: %s", error)
            return False

    def _renew(self, lost: threading.Event) -> None:
        """Ours until it could not be renewed in time, or another has it."""
        pause = RENEW_SECONDS
        while not lost.wait(pause):
            try:
                ours, pause = self._lease.hold(), RENEW_SECONDS
            except SpotError as error:
                log.warning("the lease: %s", error)
                ours, pause = self._lease.held, RENEW_AGAIN_SECONDS
            if not ours:
                lost.set()

    def _alive(self) -> bool:
        return time.monotonic() - self._looked_at < SILENT_SECONDS

    def _instances(self) -> list[str]:
        ids = (pods.instance_id(node) for node in self._cache.all("Node"))
        return [each for each in ids if each.startswith("i-")]

    @property
    def _in_aws(self) -> bool:
        return bool(self._settings.region or self._settings.queue_url)

    def _aws(self, service: str) -> object:
        return aws.client(service, self._settings.region, self._settings.aws_endpoint_url)

    def _guard(self, what: str, do: Callable[[], None]) -> None:
        try:
            do()
        except SpotError as error:
            log.warning("%s: %s", what, error)


def _policy(settings: ControllerSettings) -> Policy:
    return Policy(
        move_at_rebalance=settings.move_at_rebalance,
        rebalance_hold=timedelta(seconds=settings.rebalance_hold_seconds),
        maintenance_lead=timedelta(seconds=settings.maintenance_lead_seconds),
    )


def _timing(settings: ControllerSettings) -> Timing:
    return Timing(
        unserve=timedelta(seconds=settings.unserve_seconds),
        settle=timedelta(seconds=settings.settle_seconds),
        linger=timedelta(seconds=settings.linger_seconds),
        build_margin=timedelta(seconds=settings.build_margin_seconds),
    )
