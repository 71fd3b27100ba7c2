"""One worker's time with a row that it has claimed."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DatabaseError

from portal.environment import environment
from portal.leases.keeper import Keeper
from portal.leases.model import Lease, LeaseLost

logger = logging.getLogger(__name__)


def work_under(
    lease: Lease,
    *,
    what: str,
    work: Callable[[Keeper], None],
    renew: Callable[[], str],
    put_off: Callable[[], None],
) -> bool:
    """Does the work while the lease is renewed; False: another one may have it meanwhile.

    `what` names the row in the log. `put_off` is what becomes of one whose work went wrong in a way that
    nobody thought of. Raises DatabaseError: nothing can be written then, the lease runs out, and another
    worker goes on.
    """
    keeper = Keeper(renew, environment().lease_seconds)
    try:
        with keeper:
            try:
                work(keeper)
            except (LeaseLost, DatabaseError):
                raise
            except Exception:
                logger.exception("a worker failed", extra={what: lease.id})
                put_off()
    except LeaseLost:
        logger.warning("lease lost, another goes on", extra={what: lease.id})
        return False
    return not keeper.lost
