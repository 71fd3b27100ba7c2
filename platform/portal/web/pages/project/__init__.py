"""A project: its state, builds, releases, logs and settings."""
