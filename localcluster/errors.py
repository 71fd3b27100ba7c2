"""The one error of the embedded cluster that a person is meant to read."""


class ClusterError(Exception):
    """Something stands in the way. The message says what, and what to do next."""
