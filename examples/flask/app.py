"""A greeting that says which version answers."""

import os

from flask import Flask

VERSION = "version 1"

app = Flask(__name__)


@app.get("/")
def home() -> str:
    name = os.environ.get("GREETING", "Hello")
    return f"{name} from Flask, {VERSION}\n"
