"""The student's command for Madang: log in, push, watch, roll back."""

from importlib.metadata import version

__version__ = version("madang-cli")
