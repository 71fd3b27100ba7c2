from django.apps import AppConfig


class ProbingConfig(AppConfig):
    name = "portal.probing"
    label = "probing"
