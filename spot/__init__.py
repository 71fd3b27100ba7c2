"""Handles interrupted spot nodes: see README.md."""
