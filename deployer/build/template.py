"""The generated Dockerfiles: one Jinja text a language."""

from __future__ import annotations

import json
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

DOCKERIGNORE = """\
# Madang's default: what a build never needs.
.git
.github
.env
.env.*
.venv
venv
node_modules
__pycache__
*.pyc
.pytest_cache
.DS_Store
Dockerfile
"""
JAVA_OUTPUT = "target\nbuild\n.gradle\n"


def _exec_form(command: Sequence[str]) -> str:
    return json.dumps(list(command), ensure_ascii=False)


_environment = Environment(
    loader=PackageLoader("deployer.build"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - Dockerfiles, not HTML; what a student wrote goes through exec_form or quoted
)
_environment.filters["exec_form"] = _exec_form


def render(name: str, **values: object) -> str:
    """The Dockerfile of the template `name`, every value of it given."""
    return _environment.get_template(f"{name}.j2").render(**values)
