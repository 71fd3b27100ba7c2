"""Tests against the real PostgreSQL, Redis, git, registry and API server."""
