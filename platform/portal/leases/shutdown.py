"""Whether this worker has been told to stop: its work is handed to another then."""

from __future__ import annotations

import threading

from celery.signals import worker_shutting_down

stopping = threading.Event()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _on_shutdown(**_: object) -> None:
    stopping.set()
