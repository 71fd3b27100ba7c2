"""A project's state in one word: the one place that decides it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import django
from portal.projects.standing import (
    Ending,
    Facts,
    Outage,
    Serving,
    Suspended,
    Unchecked,
    Work,
    standing,
)

from deployer.errors import Explanation

# Sentences are in the language that is active.
django.setup()

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
WHY = Explanation("out-of-memory", "It needed more memory.", "exit code 137", "Raise web.memory.")


def at(minutes: int) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def test_a_new_project_is_empty_since_it_was_made() -> None:
    found = standing(Facts(created_at=BEGIN))
    assert (found.state, found.reason, found.since) == ("empty", "never-pushed", BEGIN)
    assert found.next


def test_a_project_that_never_worked_has_failed_for_the_reason_of_the_newest_change() -> None:
    found = standing(Facts(BEGIN, ending=Ending(at(5), WHY, build=3)))
    assert (found.state, found.reason, found.since) == ("failed", "out-of-memory", at(5))
    assert (found.sentence, found.evidence, found.next) == (WHY.what, WHY.evidence, WHY.next)


def test_what_is_live_stays_live_after_a_change_that_failed_and_says_so() -> None:
    found = standing(Facts(BEGIN, live=Serving(4, at(1)), ending=Ending(at(5), WHY, release=5)))
    assert (found.state, found.reason, found.since) == ("live", "live-after-out-of-memory", at(1))
    assert "Release 4 is live." in found.sentence
    assert WHY.what in found.evidence and WHY.evidence in found.evidence
    assert found.next == WHY.next


def test_what_does_not_answer_is_down_and_never_live() -> None:
    found = standing(Facts(BEGIN, live=Serving(4, at(1)), outage=Outage(at(7), WHY)))
    assert (found.state, found.since) == ("down", at(7))
    found = standing(
        Facts(BEGIN, live=Serving(4, at(1)), outage=Outage(at(7), WHY), ending=Ending(at(8), WHY))
    )
    assert found.state == "down"


def test_what_is_on_its_way_is_told_first() -> None:
    work = Work("queued", 9, at(9), "One build is before yours.")
    found = standing(Facts(BEGIN, live=Serving(4, at(1)), work=work))
    assert (found.state, found.reason, found.since) == ("deploying", "queued", at(9))
    assert "Release 4 serves until then." in found.sentence
    assert found.evidence == "One build is before yours."


def test_a_deploy_over_what_does_not_answer_does_not_say_that_it_serves() -> None:
    work = Work("rolling-out", 5, at(9), "0 of 1 ready")
    found = standing(Facts(BEGIN, live=Serving(4, at(1)), work=work, outage=Outage(at(7), WHY)))
    assert found.state == "deploying"
    assert "serves" not in found.sentence
    assert "does not answer" in found.sentence
    assert WHY.what in found.evidence


def test_a_first_deploy_promises_nothing() -> None:
    found = standing(Facts(BEGIN, work=Work("building", 1, at(1))))
    assert found.sentence == "Build 1 is being built."


def test_an_old_answer_is_told_as_what_it_is() -> None:
    live = Serving(4, at(1))
    found = standing(Facts(BEGIN, live=live, unchecked=Unchecked(at(7), answered=True, prober_stands=True)))
    assert (found.state, found.reason, found.since) == ("unchecked", "prober-stands", at(7))
    assert "not known" in found.sentence
    assert "answered when it was last asked" in found.evidence
    assert "Not your code" in found.next


def test_an_old_failure_is_no_outage_of_now() -> None:
    late = Unchecked(at(7), answered=False, prober_stands=False)
    found = standing(Facts(BEGIN, live=Serving(4, at(1)), outage=Outage(at(6), WHY), unchecked=late))
    assert (found.state, found.reason) == ("unchecked", "check-late")
    assert "did not answer" in found.evidence


def test_a_deploy_over_what_nobody_looked_at_promises_nothing() -> None:
    work = Work("rolling-out", 5, at(9), "0 of 1 ready")
    late = Unchecked(at(7), answered=True, prober_stands=True)
    found = standing(Facts(BEGIN, live=Serving(4, at(1)), work=work, unchecked=late))
    assert found.state == "deploying"
    assert "serves" not in found.sentence
    assert "not checked" in found.sentence


def test_a_suspension_is_told_before_everything_else_and_is_no_failure() -> None:
    why = Suspended(at(20), "They sent spam.")
    work = Work("building", 1, at(1))
    facts = Facts(BEGIN, live=Serving(4, at(1)), work=work, outage=Outage(at(7), WHY), suspended=why)
    found = standing(facts)
    assert (found.state, found.reason, found.since) == ("suspended", "club-suspended", at(20))
    assert found.evidence == "They sent spam."
    assert "Release 4 stands still" in found.sentence
    assert found.next
    found = standing(replace(facts, suspended=replace(why, stopped=False)))
    assert "is being stopped" in found.sentence
    assert "Nothing of this project runs" in standing(Facts(BEGIN, suspended=why)).sentence


def test_a_project_on_its_way_back_does_not_say_that_it_serves() -> None:
    found = standing(Facts(BEGIN, live=Serving(4, at(1)), work=Work("resuming", 4, at(9), "0 of 1 ready")))
    assert (found.state, found.reason, found.since) == ("deploying", "resuming", at(9))
    assert "serves" not in found.sentence
    assert "does not answer" in found.sentence
