"""Settings that do not go together are told at the start, by their names."""

from __future__ import annotations

import pytest

from spot.__main__ import main
from spot.settings import ControllerSettings

QUEUE = "https://sqs.eu-west-1.amazonaws.com/111122223333/madang-spot"
REGIONS = ("MADANG_SPOT_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")


@pytest.fixture(autouse=True)
def no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in REGIONS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MADANG_SPOT_QUEUE_URL", QUEUE)


def test_a_queue_without_a_region_is_told_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["controller"]) == 2
    said = capsys.readouterr().err
    assert said == (
        "MADANG_SPOT_QUEUE_URL needs the region of its queue: set MADANG_SPOT_REGION, or unset the first.\n"
    )


@pytest.mark.parametrize("name", REGIONS)
def test_a_region_of_whichever_name_will_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "eu-west-1")
    settings = ControllerSettings()
    assert (settings.queue_url, settings.region) == (QUEUE, "eu-west-1")
