"""Amounts as people write them in madang.yaml: memory and processor time."""

from __future__ import annotations

import re

UNITS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
# What people write for the same thing.
SPELLINGS = {
    "MB": "M",
    "GB": "G",
    "MiB": "Mi",
    "GiB": "Gi",
    "KB": "k",
    "KiB": "Ki",
    "K": "k",
    "m": "M",
    "g": "G",
}


def memory_bytes(text: object) -> int:
    """ "512Mi", "1Gi", "256M", "1GB" as bytes; ValueError with what to write."""
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15})?)\s*([A-Za-z]*)", str(text).strip())
    unit = match and SPELLINGS.get(match[2], match[2])
    if not match or unit not in UNITS or (unit == "" and float(match[1]) < 1 << 20):
        raise ValueError(f"{text!r} is no amount of memory: write for example 256Mi or 1Gi")
    return int(float(match[1]) * UNITS[unit])


def cpu_millicores(text: object) -> int:
    """ "500m", 0.5, "1" as thousandths of a core; ValueError with what to write."""
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15})?)(m?)", str(text).strip())
    if not match:
        raise ValueError(f"{text!r} is no amount of cpu: write for example 500m or 0.5")
    return int(float(match[1]) * (1 if match[2] else 1000))
