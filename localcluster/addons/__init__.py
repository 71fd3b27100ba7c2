"""Add-ons of the cluster that no chart brings: the ingress controller."""

from pathlib import Path
from typing import Any

import yaml

INGRESS_NAMESPACE = "madang-ingress"


def ingress_controller(image: str) -> list[dict[str, Any]]:
    """Traefik's objects, its Deployment running `image` (by digest)."""
    objects: list[dict[str, Any]] = list(
        yaml.safe_load_all(Path(__file__).with_name("traefik.yaml").read_text())
    )
    for item in objects:
        if item["kind"] == "Deployment":
            for container in item["spec"]["template"]["spec"]["containers"]:
                container["image"] = image
    return objects
