"""Requests as Traefik counts them."""

from __future__ import annotations

from deployer.rollout.traffic import Count, by_owner, counts, places


def line(code: str, service: str, value: int) -> str:
    return (
        f'traefik_service_requests_total{{code="{code}",method="GET",protocol="http",'
        f'service="{service}@kubernetes"}} {value}'
    )


TEXT = "\n".join(
    [
        "# HELP traefik_service_requests_total How many HTTP requests were processed",
        "# TYPE traefik_service_requests_total counter",
        line("200", "club-a-b-site-http", 12),
        line("404", "club-a-b-site-http", 3),
        line("502", "club-a-b-site-http", 2),
        line("200", "madang-portal-ingress", 9),
        "# HELP traefik_open_connections How many",
        "# TYPE traefik_open_connections gauge",
        'traefik_open_connections{entrypoint="web",protocol="TCP"} 1',
        "",
    ]
)


def test_requests_and_server_errors_of_projects_alone() -> None:
    assert counts(TEXT) == {"a-b-site": Count(17, 2)}
    assert counts("") == {}


def test_a_project_is_known_by_its_whole_name_and_none_is_guessed() -> None:
    found = counts(TEXT)
    assert by_owner(found, [("a-b", "site"), ("c", "d")]) == {("a-b", "site"): Count(17, 2)}
    assert by_owner(found, [("a-b", "site"), ("a", "b-site")]) == {}
    assert by_owner(found, [("x", "y")]) == {}


def test_pods_that_have_a_port_for_it_are_asked() -> None:
    def pod(name: str, ip: str, port: str) -> dict[str, object]:
        container = {"name": "traefik", "ports": [{"name": port, "containerPort": 9100}]}
        return {"metadata": {"name": name}, "status": {"podIP": ip}, "spec": {"containers": [container]}}

    pods = [pod("a", "10.1.2.3", "metrics"), pod("b", "fd00::1", "metrics"), pod("c", "10.1.2.4", "web")]
    assert places([*pods, pod("d", "", "metrics")]) == {
        "a": "http://10.1.2.3:9100/metrics",
        "b": "http://[fd00::1]:9100/metrics",
    }
