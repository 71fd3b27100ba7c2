"""The space of deleted images comes back: the registry collects its garbage in a quiet time.

The registry's own collection is sound only while nobody pushes, and a registry that serves remembers blobs
that are gone. So its pod does it before it serves, and only within a quiet time that this module tells it
of: a restart at any other moment collects nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from deployer.errors import DeployerError, TemporaryError
from portal import cluster
from portal.builds import quiet
from portal.environment import environment
from portal.registry import space

logger = logging.getLogger(__name__)

# At the soonest, where somebody waits for the space: nobody builds for minutes then, and may want it again.
_SOONER = timedelta(hours=6)


def collect_garbage() -> datetime | None:
    """Restarts the registry for it if it is due and no build is at work; gives when builds go on.

    It is due sooner where a club could not build for want of space.
    """
    given = environment()
    if not given.registry_workload or not given.registry_collect_seconds:
        return None
    every = timedelta(seconds=given.registry_collect_seconds)
    if space.is_wanted():
        every = min(every, _SOONER)
    begun = quiet.begin(timedelta(seconds=given.registry_quiet_seconds), every)
    if begun is None:
        return None
    try:
        cluster.restart_registry(begun.until)
    except TemporaryError as error:
        # It may have been heard all the same: builds wait as if it had.
        logger.warning("registry not restarted", extra={"explanation": error.explanation.to_dict()})
        return begun.until
    except DeployerError as error:
        logger.error("registry not restarted", extra={"explanation": error.explanation.to_dict()})
        begun.delete()
        return None
    begun.used = True
    begun.save(update_fields=["used"])
    logger.info("the registry collects its garbage", extra={"builds_wait_until": begun.until.isoformat()})
    return begun.until
