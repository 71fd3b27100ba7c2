"""The operator's pages: what waits, the fleet, interruptions, the queue, clubs and people."""
