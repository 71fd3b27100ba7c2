"""Runs once before each release: a migration, in an app that has a database."""

import sys

from version import VERSION

print(f"preparing {VERSION}", flush=True)
if "broken" in VERSION:
    sys.exit("the preparation went wrong")
