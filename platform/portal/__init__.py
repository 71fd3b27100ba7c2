"""Madang's portal: accounts, clubs, projects, builds, releases, and the API."""
