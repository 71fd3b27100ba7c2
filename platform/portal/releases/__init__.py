"""Releases, and the rollouts that make them live."""
