"""Kubernetes quantities as the API server writes them. Pure."""

from __future__ import annotations

import re

_POWERS = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}


def cpu_millicores(text: str) -> int:
    """ "250m", "2", "183747211n" as thousandths of a core; 0 for what is no amount."""
    return round(_number(text) * 1000)


def memory_bytes(text: str) -> int:
    """ "3030Mi", "1935252Ki" as bytes; 0 for what is no amount."""
    return round(_number(text))


def _number(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]*)", text.strip())
    return float(match[1]) * _POWERS[match[2]] if match and match[2] in _POWERS else 0.0
