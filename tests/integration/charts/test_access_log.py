"""What the ingress controller writes down of requests: of projects' all, of the portal's none."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster.addons import ingress_controller
from localcluster.images.oci import architecture
from localcluster.images.services import TRAEFIK, TRAEFIK_HASHES, fetch_traefik
from tests.integration.apiserver import TOKEN, programs, running_api_server
from tests.integration.charts.conftest import Helm
from tests.integration.charts.test_templates import SETS, one
from tests.integration.mortal import start_mortal
from tests.integration.redis_server import free_port

PATIENCE_SECONDS = 300
OF_THE_NAMESPACES = ("madang", "club-chess")
NAMES = "traefik.ingress.kubernetes.io/router.observability.accesslogs"
# As `deployer.rollout` makes it.
APP: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "menu", "namespace": "club-chess"},
    "spec": {
        "ingressClassName": "madang",
        "rules": [
            {
                "host": "menu.madang.localhost",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "menu", "port": {"name": "ingress"}}},
                        }
                    ]
                },
            }
        ],
    },
}


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def service(name: str, namespace: str) -> dict[str, Any]:
    """Without a pod: the controller answers 503 for it, by the route."""
    ports = [{"name": "ingress", "port": 80}]
    where = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": where, "spec": {"ports": ports}}


class Controller:
    """Traefik with the arguments that the embedded cluster gives it."""

    def __init__(self, program: Path, kubeconfig: Path, folder: Path) -> None:
        self.log = folder / "traefik.log"
        self.port = free_port()
        server = yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
        objects = ingress_controller("traefik")
        (dynamic,) = [item for item in objects if item["kind"] == "ConfigMap"]
        (folder / "dynamic.yaml").write_text(dynamic["data"]["dynamic.yaml"])
        (deployment,) = [item for item in objects if item["kind"] == "Deployment"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        elsewhere = {
            "--entryPoints.web.address": f"127.0.0.1:{self.port}",
            "--entryPoints.metrics.address": f"127.0.0.1:{free_port()}",
            "--providers.file.filename": str(folder / "dynamic.yaml"),
        }
        given = [word for word in container["args"] if word.partition("=")[0] not in elsewhere]
        given += [f"{name}={value}" for name, value in elsewhere.items()]
        given += [
            f"--providers.kubernetesIngress.endpoint={server}",
            f"--providers.kubernetesIngress.token={TOKEN}",
            f"--providers.kubernetesIngress.certAuthFilePath={kubeconfig.parent}/certificates/apiserver.crt",
        ]
        with self.log.open("wb") as log:
            self.process = start_mortal([program, *given], log=log, folder=folder)

    def status(self, host: str, path: str) -> int:
        """404: no route."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path, headers={"Host": host})
            return connection.getresponse().status
        except OSError:
            return 404
        finally:
            connection.close()

    def requests(self) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if "RequestPath" in line]

    def eventually(self, look: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not look():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)


@pytest.fixture(scope="module")
def controller(helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    folder = tmp_path_factory.mktemp("traefik")
    program = fetch_traefik(folder, TRAEFIK, TRAEFIK_HASHES[architecture()])
    program.chmod(0o755)
    objects = helm.objects({})
    of_the_chart = [item | {"metadata": item["metadata"] | {"namespace": "madang"}} for item in objects]
    wanted = [
        *(namespace(name) for name in OF_THE_NAMESPACES),
        *(service(name, "madang") for name in ("portal", "git")),
        service("menu", "club-chess"),
        *(item for item in ingress_controller("traefik") if item["kind"] == "IngressClass"),
        *(item for item in of_the_chart if item["kind"] == "Ingress"),
        APP,
    ]
    with running_api_server() as kubeconfig:
        command = [programs() / "kubectl", f"--kubeconfig={kubeconfig}", "apply", "-f", "-"]
        subprocess.run(command, input=yaml.safe_dump_all(wanted), text=True, check=True, capture_output=True)
        found = Controller(program, kubeconfig, folder)
        try:
            yield found
        finally:
            found.process.kill()
            found.process.wait()


def test_a_link_of_the_portal_stands_in_no_log_and_a_projects_visit_does(controller: Controller) -> None:
    hosts = ("madang.localhost", "git.madang.localhost", "menu.madang.localhost")
    for host in hosts:
        controller.eventually(lambda host=host: controller.status(host, "/warm") == 503)  # type: ignore[misc]
    secret = "/welcome/3f6d1b-only-mina-may-have-this"
    assert controller.status("madang.localhost", secret) == 503
    assert controller.status("git.madang.localhost", "/chess/menu.git/info/refs") == 503
    assert controller.status("menu.madang.localhost", "/today?page=2") == 503
    wanted = {
        ("menu.madang.localhost", "/today?page=2"),
        ("git.madang.localhost", "/chess/menu.git/info/refs"),
    }
    # Each is written down a moment after its answer.
    controller.eventually(
        lambda: wanted <= {(line["RequestHost"], line["RequestPath"]) for line in controller.requests()}
    )
    assert "only-mina" not in controller.log.read_text()


@pytest.mark.parametrize("values", SETS.values(), ids=SETS.keys())
def test_the_portals_ingress_says_so_beside_the_operators_own_annotations(
    helm: Helm, values: dict[str, Any]
) -> None:
    objects = helm.objects(values)
    given = values.get("ingress", {}).get("annotations", {})
    portal = one(objects, "Ingress", "portal")["metadata"]["annotations"]
    assert portal == {NAMES: "false", "nginx.ingress.kubernetes.io/enable-access-log": "false"} | given
    assert one(objects, "Ingress", "git")["metadata"].get("annotations", {}) == given
