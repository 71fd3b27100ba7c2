from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person. Django's own fields for now; ours from the start, so that it can grow."""
