"""The home page and the health probes."""
