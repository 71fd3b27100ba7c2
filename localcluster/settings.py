"""The settings of an instance, as its environment variables give them."""

import re
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from localcluster.errors import ClusterError


def read_settings() -> "Settings":
    """Raises ClusterError that names each setting that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise ClusterError(_said(error)) from None


class Settings(BaseSettings):
    """The environment variables MADANG_*, each with its unit in its name."""

    model_config = SettingsConfigDict(env_prefix="MADANG_", env_ignore_empty=True, extra="ignore")

    instance: str = "madang"
    state: Path | None = None
    cache: Path | None = None
    programs: Path | None = None
    """A folder of programs compiled elsewhere, to use instead of compiling."""
    port_offset: int = Field(default=0, ge=0, le=50_000)
    ondemand_nodes: int = Field(default=1, ge=1, le=8)
    spot_nodes: int = Field(default=3, ge=1, le=20)
    node_memory_mib: int = Field(default=3072, ge=512)
    replacement_delay_seconds: float = Field(default=20, ge=0)
    startup_taint: bool = True
    """Whether spot nodes register closed, for Madang to open. Kubernetes alone has nobody who would."""

    @field_validator("instance")
    @classmethod
    def _a_plain_word(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z]([a-z0-9-]{0,22}[a-z0-9])?", value):
            raise ValueError("use 1 to 24 lower-case letters, digits and dashes, starting with a letter")
        return value


def _said(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        name = f"MADANG_{str(problem['loc'][0]).upper()}"
        lines.append(f"{name}={problem['input']}: {problem['msg'].removeprefix('Value error, ')}.")
    return "\n".join([*lines, "Correct these environment variables and try again."])
