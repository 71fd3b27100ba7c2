"""The cluster's API: the one place that imports the kubernetes client."""
