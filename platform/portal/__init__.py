"""Madang's portal: accounts, clubs, projects, builds, releases, and the API."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
