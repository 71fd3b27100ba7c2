"""Builds well and starts, then ends: it asks for a setting that nobody gave."""

import os

from flask import Flask

VERSION = "version 1"

app = Flask(__name__)

print("starting,", VERSION, flush=True)
DATABASE_URL = os.environ["LUNCH_DATABASE_URL"]


@app.get("/")
def home() -> str:
    return f"Hello from the crashing project, {VERSION}\n"
