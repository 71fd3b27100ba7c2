"""Our metadata service answers as the Amazon EC2 Metadata Mock does, path by path.

Where EC2 itself differs from the mock we follow EC2, and a test here says so.
"""

from collections.abc import Callable

import httpx
import pytest

from localcluster.cloud.announcements import call_off
from localcluster.cloud.record import CloudInstance
from tests.integration.localcluster.cloud.conftest import Service

META = "/latest/meta-data"
PATHS = [
    "/",
    f"{META}/instance-id",
    f"{META}/instance-id/",
    f"{META}/instance-action",
    f"{META}/instance-type",
    f"{META}/instance-life-cycle",
    f"{META}/placement/availability-zone",
    f"{META}/placement/region",
    f"{META}/local-ipv4",
    f"{META}/local-hostname",
    f"{META}/hostname",
    f"{META}/mac",
    f"{META}/spot",
    f"{META}/spot/instance-action",
    f"{META}/spot/termination-time",
    f"{META}/events",
    f"{META}/events/recommendations/rebalance",
    f"{META}/events/maintenance/scheduled",
    f"{META}/autoscaling",
    f"{META}/autoscaling/target-lifecycle-state",
    "/latest/dynamic/instance-identity/document",
    f"{META}/nothing",
    f"{META}/spot/nothing",
    "/nowhere",
]
Serve = Callable[[Callable[[], CloudInstance]], Service]


@pytest.fixture(scope="module")
def ours(serve: Serve, announced: CloudInstance) -> Service:
    return serve(lambda: announced)


def seen(answer: httpx.Response) -> dict[str, object]:
    """What a client can tell one answer from another by."""
    names = ("content-type", "x-content-type-options", "x-aws-ec2-metadata-token-ttl-seconds")
    return {
        "status": answer.status_code,
        "headers": {name: answer.headers.get(name) for name in names},
        "body": answer.text,
    }


@pytest.mark.parametrize("path", PATHS)
def test_each_path_answers_the_same_to_the_byte(ours: Service, mock: Service, path: str) -> None:
    assert seen(ours.get(path, ours.token().text)) == seen(mock.get(path, mock.token().text))


@pytest.mark.parametrize("folder", ["/latest", META, "/latest/dynamic", f"{META}/placement"])
def test_folders_list_a_part_of_what_the_mock_lists_in_the_same_form(
    ours: Service, mock: Service, folder: str
) -> None:
    own, other = ours.get(folder, ours.token().text), mock.get(folder, mock.token().text)
    assert (own.status_code, own.headers["content-type"]) == (200, other.headers["content-type"])
    assert set(own.text.split()) <= set(other.text.split())
    assert own.text.endswith("\n") == other.text.endswith("\n")


@pytest.mark.parametrize("ttl", ["0", "-1", "21601", "x", "", None])
def test_a_token_for_no_allowed_time_is_a_bad_request(ours: Service, mock: Service, ttl: str | None) -> None:
    assert seen(ours.token(ttl)) == seen(mock.token(ttl))
    assert ours.token(ttl).status_code == 400


@pytest.mark.parametrize("ttl", ["1", "21600"])
def test_a_token_has_the_form_of_the_mocks(ours: Service, mock: Service, ttl: str) -> None:
    own, other = seen(ours.token(ttl)), seen(mock.token(ttl))
    assert len(str(own.pop("body"))) == len(str(other.pop("body")))
    assert own == other


@pytest.mark.parametrize("token", [None, "forged", "AAAA"])
@pytest.mark.parametrize("path", [f"{META}/instance-id", f"{META}/spot/instance-action", META])
def test_without_a_good_token_nothing_is_told(
    ours: Service, mock: Service, token: str | None, path: str
) -> None:
    assert seen(ours.get(path, token)) == seen(mock.get(path, token))
    assert ours.get(path, token).status_code == 401


def test_as_in_ec2_and_unlike_the_mock_an_unknown_path_needs_a_token_too(
    ours: Service, mock: Service
) -> None:
    assert (ours.get("/nowhere").status_code, mock.get("/nowhere").status_code) == (401, 404)


def test_as_in_ec2_and_unlike_the_mock_other_methods_are_refused(ours: Service, mock: Service) -> None:
    assert (ours.token(method="GET").status_code, mock.token(method="GET").status_code) == (405, 200)
    token = ours.token().text
    assert ours.get(f"{META}/instance-id", token, "POST").status_code == 405
    head = ours.get(f"{META}/instance-id", token, "HEAD")
    assert (head.status_code, head.text) == (200, "")


def test_what_is_called_off_is_gone_from_the_next_answer_on(serve: Serve, announced: CloudInstance) -> None:
    instance = announced
    service = serve(lambda: instance)
    token = service.token().text
    assert service.get(f"{META}/spot/instance-action", token).status_code == 200
    instance = call_off(announced)
    assert service.get(f"{META}/spot/instance-action", token).status_code == 404


def test_as_in_ec2_and_unlike_the_mock_the_time_of_a_notice_does_not_slide(ours: Service) -> None:
    token = ours.token().text
    first = ours.get(f"{META}/spot/instance-action", token).json()
    assert ours.get(f"{META}/spot/instance-action", token).json() == first
