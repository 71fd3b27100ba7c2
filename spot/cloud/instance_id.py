"""What an EC2 instance is called."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

PATTERN = re.compile(r"i-[0-9a-f]{8,17}")


def is_instance_id(text: object) -> bool:
    """Eight hexadecimal digits in old accounts, else seventeen; nothing before or after them."""
    return isinstance(text, str) and PATTERN.fullmatch(text) is not None


def _checked(text: str) -> str:
    if not is_instance_id(text):
        raise ValueError("not the id of an instance")
    return text


InstanceId = Annotated[str, AfterValidator(_checked)]
"""A field of a message that names an instance."""
