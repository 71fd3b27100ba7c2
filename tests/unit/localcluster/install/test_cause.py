"""How often a person who waits hears the same: once."""

from localcluster.install.cause import SETTLED_SECONDS, Cause, News

CORDONED = Cause("no node, as ondemand-1 is cordoned", next="bin/kubectl uncordon ondemand-1")
LINE = "git-0: no node, as ondemand-1 is cordoned. Next: bin/kubectl uncordon ondemand-1"


def test_a_cause_is_told_once_it_has_stood_for_a_while_and_never_again() -> None:
    news = News()
    assert news.tell({"git-0": CORDONED}, 0) == []
    assert news.tell({"git-0": CORDONED}, SETTLED_SECONDS) == [LINE]
    assert news.tell({"git-0": CORDONED}, 100) == []


def test_what_is_over_soon_is_not_told() -> None:
    news = News()
    for now in range(10):
        assert news.tell({"git-0": CORDONED} if now % 2 else {}, now) == []


def test_a_crash_that_comes_and_goes_with_each_restart_is_told_once() -> None:
    news, lines = News(), []
    for now in range(100):
        crash = Cause("its container git ended", f"exit code 1, {now} restarts", "…")
        lines += news.tell({"git-0": crash} if now % 30 < 20 else {}, now)
    assert lines == ["git-0: its container git ended: exit code 1, 5 restarts. Next: …"]


def test_another_cause_is_told_and_the_first_when_it_comes_back() -> None:
    news, lines = News(), []
    other = Cause("its node ondemand-1 is not Ready", next="…")
    for now, cause in (
        (0, CORDONED),
        (5, CORDONED),
        (10, other),
        (15, other),
        (20, CORDONED),
        (25, CORDONED),
    ):
        lines += news.tell({"git-0": cause}, now)
    assert lines == [LINE, "git-0: its node ondemand-1 is not Ready. Next: …", LINE]


def test_of_more_pods_that_wait_only_the_new_ones_are_told() -> None:
    news = News()
    news.tell({"git-0": CORDONED}, 0)
    news.tell({"git-0": CORDONED, "redis-0": CORDONED}, 5)
    (line,) = news.tell({"git-0": CORDONED, "redis-0": CORDONED}, 10)
    assert line.startswith("redis-0: ")
