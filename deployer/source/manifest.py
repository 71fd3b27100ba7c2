"""madang.yaml: read, checked, and refused with the line that is wrong."""

from __future__ import annotations

from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from deployer.source.quantity import cpu_millicores, memory_bytes
from deployer.source.snapshot import Manifest, WebSettings


class _Web(BaseModel):
    model_config = ConfigDict(extra="forbid")
    command: str | None = Field(default=None, min_length=1, max_length=2000)
    port: int | None = Field(default=None, ge=1, le=65535)
    health: str | None = Field(default=None, pattern=r"^/[^\x00-\x20\x7f]*$", max_length=200)
    replicas: int | None = Field(default=None, ge=1, le=10)
    memory: Annotated[int, BeforeValidator(memory_bytes), Field(ge=16 << 20, le=64 << 30)] | None = None
    cpu: Annotated[int, BeforeValidator(cpu_millicores), Field(ge=10, le=64_000)] | None = None


class _Build(BaseModel):
    model_config = ConfigDict(extra="forbid")
    dockerfile: str | None = Field(default=None, min_length=1, max_length=500)

    @field_validator("dockerfile")
    @classmethod
    def stays_inside(cls, path: str | None) -> str | None:
        if path is not None and (path.startswith("/") or ".." in path.split("/")):
            raise ValueError("name a file of the project, relative to its root")
        return path


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    web: _Web = _Web()
    build: _Build = _Build()


def parse_manifest(text: str, name: str = "madang.yaml") -> Manifest:
    """The file's settings; UserError that names the line for what is not YAML, unknown or out of range."""
    try:
        loader = _Plain(text)
        root = loader.get_single_node()
        data = loader.construct_document(root) if root is not None else None
    # Beside its own errors: brackets in brackets without end, 2026-99-99, a number of thousands of digits.
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise _not_yaml(text, name, error) from error
    if data is None:
        return Manifest()
    if not isinstance(data, dict):
        raise _refused(name, 1, text, Sentence("the file has to be a list of settings such as `web:`"))
    # An empty section ("web:" alone) says nothing.
    data = {key: value for key, value in data.items() if value is not None}
    try:
        checked = _File.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        location = tuple(part for part in first["loc"] if not str(part).startswith("function-"))
        raise _refused(name, line_of(root, location), text, _sentence(first, location)) from error
    web = checked.web
    return Manifest(
        web=WebSettings(
            command=web.command,
            port=web.port,
            health=web.health,
            replicas=web.replicas,
            memory_bytes=web.memory,
            cpu_millicores=web.cpu,
        ),
        dockerfile=checked.build.dockerfile.removeprefix("./") if checked.build.dockerfile else None,
    )


class _Plain(yaml.SafeLoader):
    """Without aliases: nine lines of them, each naming the one before ten times, are a value of gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            problem = Sentence("aliases (*) are not known here")
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
        return super().compose_node(parent, index)


def line_of(root: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """The line (from 1) of the key that the location names, or of the deepest part of it that is there."""
    line, node = 1, root
    for part in location:
        if not isinstance(node, yaml.MappingNode):
            break
        for key, value in node.value:
            if key.value == str(part):
                line, node = key.start_mark.line + 1, value
                break
        else:
            break
    return line


def _sentence(error: Any, location: tuple[int | str, ...]) -> Sentence:
    where = ".".join(str(part) for part in location)
    if error["type"] == "extra_forbidden":
        sections: dict[str, type[BaseModel]] = {"web": _Web, "build": _Build}
        section = sections[str(location[0])] if len(location) > 1 else _File
        allowed = ", ".join(section.model_fields)
        return Sentence(
            "`{setting}` is not a setting of Madang (known here: {known})", setting=where, known=allowed
        )
    if error["type"] == "string_pattern_mismatch" and where == "web.health":
        return Sentence("`web.health` has to be a path that begins with / and has no spaces")
    said = str(error["msg"]).removeprefix("Value error, ")
    return Sentence("`{setting}`: {problem}", setting=where, problem=f"{said[:1].lower()}{said[1:]}")


def _refused(name: str, line: int, text: str, sentence: Sentence) -> UserError:
    lines = text.splitlines()
    shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return UserError(
        Explanation(
            "bad-manifest",
            Sentence("{file} line {line}: {problem}.", file=name, line=line, problem=sentence),
            shown,
            Sentence("Correct line {line} of {file}, commit and push again.", line=line, file=name),
        )
    )


def _not_yaml(text: str, name: str, error: Exception) -> UserError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or Sentence("cannot be read")
    said = Sentence("this is not YAML ({problem})", problem=problem)
    return _refused(name, mark.line + 1 if mark else 1, text, said)
