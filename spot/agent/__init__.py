"""The agent on each spot node: copies what the metadata service says onto its own Node, decides nothing."""

from spot.agent.loop import run

__all__ = ["run"]
