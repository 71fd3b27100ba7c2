from django.apps import AppConfig


class BuildsConfig(AppConfig):
    name = "portal.builds"
    label = "builds"
