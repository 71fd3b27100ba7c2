"""Kubernetes quantities as the API server writes them. Pure.

The client's own `parse_quantity` would bring the whole client with it.
"""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)([a-zA-Z]*)")
_UNITS = {
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


def amount(text: str | None) -> float:
    """ "12345678n" is 0.012345678, "64Mi" 67108864; 0 for what is no amount."""
    match = _AMOUNT.fullmatch((text or "").strip())
    return float(match[1]) * _UNITS[match[2]] if match and match[2] in _UNITS else 0.0


def cpu_millicores(text: str) -> int:
    """ "250m", "2", "183747211n" as thousandths of a core; 0 for what is no amount."""
    return round(amount(text) * 1000)


def memory_bytes(text: str) -> int:
    """ "3030Mi", "1935252Ki" as bytes; 0 for what is no amount."""
    return round(amount(text))
