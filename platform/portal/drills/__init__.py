"""Drills: a real interruption of a node that an operator orders, and what its visitors met meanwhile."""
