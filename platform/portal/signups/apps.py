from django.apps import AppConfig


class SignupsConfig(AppConfig):
    name = "portal.signups"
    label = "signups"
