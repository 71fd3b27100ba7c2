"""Work side by side is waited for, except by somebody who interrupts it."""

import threading

import pytest

from localcluster.threads import side_by_side


def test_an_interrupt_waits_for_no_thread_and_begins_nothing_more() -> None:
    go, begun = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait()

    with pytest.raises(KeyboardInterrupt), side_by_side() as pool:
        first = pool.submit(work)
        rest = [pool.submit(go.wait) for _ in range(100)]  # more than there are threads
        begun.wait()
        raise KeyboardInterrupt
    assert not first.done()
    assert rest[-1].cancelled()
    go.set()
    first.result(timeout=60)


@pytest.mark.parametrize("fails", [False, True])
def test_any_other_end_waits_for_the_work(fails: bool) -> None:
    done = []
    go = threading.Event()
    threading.Timer(0.05, go.set).start()
    try:
        with side_by_side() as pool:
            pool.submit(lambda: (go.wait(), done.append("all")))
            if fails:
                raise ValueError
    except ValueError:
        pass
    assert done == ["all"]
