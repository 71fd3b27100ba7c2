"""What becomes of a row whose worker loses its lease, or makes a mistake."""

from __future__ import annotations

import os

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.db import OperationalError  # noqa: E402 - the keeper needs Django's settings
from portal.leases.keeper import Keeper  # noqa: E402
from portal.leases.model import Lease, LeaseLost  # noqa: E402
from portal.leases.working import work_under  # noqa: E402

LEASE = Lease(7, "me", 1)


class Row:
    """Work that goes wrong in the given way, and how often it was put off."""

    def __init__(self, error: Exception | None = None, *, lost: bool = False) -> None:
        self._error = error
        self._lost = lost
        self.times_put_off = 0

    def work(self, keeper: Keeper) -> None:
        if self._lost:
            keeper.give_up()
        if self._error is not None:
            raise self._error

    def put_off(self) -> None:
        self.times_put_off += 1

    def is_worked_on(self) -> bool:
        return work_under(LEASE, what="row", work=self.work, renew=lambda: "", put_off=self.put_off)


def test_work_that_is_done_is_this_workers() -> None:
    row = Row()
    assert row.is_worked_on()
    assert row.times_put_off == 0


def test_a_mistake_of_ours_puts_the_row_off() -> None:
    row = Row(RuntimeError("nobody thought of it"))
    assert row.is_worked_on()
    assert row.times_put_off == 1


@pytest.mark.parametrize("row", [Row(LeaseLost()), Row(lost=True)], ids=["told", "seen by the keeper"])
def test_of_a_lost_lease_nothing_is_put_off(row: Row) -> None:
    assert not row.is_worked_on()
    assert row.times_put_off == 0


def test_a_lease_that_is_lost_when_its_row_is_put_off_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise LeaseLost

    row = Row(RuntimeError("nobody thought of it"))
    monkeypatch.setattr(row, "put_off", lost)
    assert not row.is_worked_on()


def test_a_database_that_is_away_is_no_mistake_of_the_row() -> None:
    row = Row(OperationalError("the server closed the connection unexpectedly"))
    with pytest.raises(OperationalError):
        row.is_worked_on()
    assert row.times_put_off == 0
