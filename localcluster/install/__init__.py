"""Put Madang itself on a running cluster: ingress controller, secrets, volumes, the chart by helm."""

from localcluster.install.steps import install

__all__ = ["install"]
