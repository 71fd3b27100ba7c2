"""Where the parts lie that are no Python package: the chart and manage.py."""

from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
CHART = TREE / "charts" / "madang"
