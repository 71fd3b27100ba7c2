"""What fits into a club's budget, and what is said when it does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from portal.clubs.budget import Demand, Share, refusal

BUDGET = Share(memory_bytes=4096 << 20, cpu_millicores=4000, pods=20)
amounts = st.integers(min_value=0, max_value=50)
shares = st.builds(Share, amounts, amounts, amounts)


def share(mib: int, cpu: int = 250, pods: int = 1) -> Share:
    return Share(mib << 20, cpu, pods)


def demand(wanted: Share, live: Share | None = None, **others: Share) -> Demand:
    return Demand("site", wanted, live or Share(), others)


def test_a_release_that_fills_the_budget_to_the_brim_is_made() -> None:
    assert refusal(BUDGET, demand(share(1024), menu=share(3072)), named=True) is None


def test_a_release_that_exceeds_it_is_refused_in_three_lines_with_each_projects_numbers() -> None:
    refused = refusal(BUDGET, demand(share(2048, pods=2), menu=share(1024), chess=share(1536)), named=True)
    assert refused is not None
    assert refused.reason == "over-budget"
    assert refused.lines() == (
        "This release does not fit into your club's budget: its projects would take 4608 MiB of memory "
        "(budget: 4096 MiB of memory).",
        "  site: 2048 MiB of memory, 250m of cpu, 2 copies (this release)",
        "  chess: 1536 MiB of memory, 250m of cpu, 1 copy",
        "  menu: 1024 MiB of memory, 250m of cpu, 1 copy",
        "Lower replicas, memory or cpu in madang.yaml, delete a project that nobody needs, or ask the "
        "operator for a larger budget.",
    )


def test_everything_that_is_too_much_is_named_at_once() -> None:
    refused = refusal(BUDGET, demand(share(8192, 5000, 21)), named=True)
    assert refused is not None
    assert "8192 MiB of memory (budget: 4096 MiB of memory) and 5000m of cpu" in refused.what
    assert "21 copies (budget: 20 copies)" in refused.what


def test_a_release_replaces_what_is_live_of_its_own_project() -> None:
    assert refusal(BUDGET, demand(share(4096), live=share(4096)), named=True) is None


def test_a_club_whose_budget_was_lowered_can_mend_what_runs_but_not_let_it_grow() -> None:
    others = {"menu": share(4096)}
    assert refusal(BUDGET, demand(share(512), live=share(512), **others), named=True) is None
    assert refusal(BUDGET, demand(share(256), live=share(512), **others), named=True) is None
    assert refusal(BUDGET, demand(share(513), live=share(512), **others), named=True) is not None


def test_who_may_not_know_the_other_projects_is_told_their_sum() -> None:
    refused = refusal(BUDGET, demand(share(4096), menu=share(256), chess=share(256)), named=False)
    assert refused is not None
    assert "2 other projects: 512 MiB of memory, 500m of cpu, 2 copies" in refused.evidence
    assert "menu" not in refused.evidence


def test_of_very_many_projects_the_largest_are_shown() -> None:
    others = {f"p{number:02}": share(100 + number) for number in range(30)}
    refused = refusal(BUDGET, demand(share(4096), **others), named=True)
    assert refused is not None
    lines = refused.evidence.splitlines()
    assert lines[1].startswith("p29: 129 MiB")
    assert lines[-1].startswith("22 more projects: ")
    assert len(lines) == 10


@given(shares, shares, st.dictionaries(st.text(min_size=1), shares, max_size=5))
def test_what_is_made_where_the_budget_was_kept_keeps_it(
    budget: Share, wanted: Share, others: dict[str, Share]
) -> None:
    total = sum(others.values(), wanted)
    fits = all(asked <= limit for asked, limit in zip(total, budget, strict=True))
    assert (refusal(budget, Demand("site", wanted, Share(), others), named=True) is None) == (
        fits
        or not any(want and asked > limit for want, asked, limit in zip(wanted, total, budget, strict=True))
    )
