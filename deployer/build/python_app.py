"""Find the app object of a Python web project by reading its sources, never by running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

# Where people put it, most likely first; then any other file, the shallowest first.
LIKELY = (
    "app.py",
    "main.py",
    "wsgi.py",
    "asgi.py",
    "server.py",
    "application.py",
    "api.py",
    "__init__.py",
    "run.py",
)
PROGRAMS = ("app.py", "main.py", "server.py", "run.py", "bot.py")
FRAMEWORKS = {"Flask": "gunicorn", "FastAPI": "uvicorn", "Starlette": "uvicorn", "Quart": "uvicorn"}
FACTORIES = ("create_app", "make_app")


@dataclass(frozen=True)
class App:
    """`server` is the package that serves `target` ("package.module:name"); None: the file does."""

    kind: str
    target: str
    server: str | None
    seen: Sentence
    factory: bool = False
    collect_static: bool = False

    def command(self, port: int) -> tuple[str, ...]:
        """The start command; exec form knows no $PORT, so the number stands in it."""
        if self.server == "gunicorn":
            target = f"{self.target}()" if self.factory else self.target
            return (
                "gunicorn",
                "--bind",
                f"0.0.0.0:{port}",
                "--threads",
                "4",
                "--access-logfile",
                "-",
                target,
            )
        if self.server == "uvicorn":
            factory = ("--factory",) if self.factory else ()
            address = (
                "--host",
                "0.0.0.0",  # noqa: S104 - in a pod of its own
                "--port",
                str(port),
                "--proxy-headers",
                "--forwarded-allow-ips",
                "*",
            )
            return ("uvicorn", *address, *factory, self.target)
        return ("python", self.target)


def find_app(snapshot: Snapshot) -> App | None:
    """Django by manage.py, then FastAPI and its kin, then Flask, then a program at the root."""
    if "manage.py" in snapshot.paths and (django := _django(snapshot)):
        return django
    found: list[App] = []
    for path in sorted(snapshot.files, key=_likelihood):
        if path.endswith(".py") and not _is_test(path):
            found += _apps(path, snapshot.files[path])
    for app in found:
        if not app.factory:
            return app
    if found:
        return found[0]
    for name in PROGRAMS:
        if name in snapshot.paths:
            return App("program", name, None, Sentence("{name} at the root", name=name))
    return None


def _django(snapshot: Snapshot) -> App | None:
    settings = _django_settings(snapshot.files.get("manage.py", ""))
    packages = [settings.split(".")[0]] if settings else []
    packages += sorted(path.split("/")[0] for path in snapshot.paths if path.endswith("/wsgi.py"))
    for package in packages:
        if f"{package}/wsgi.py" in snapshot.paths:
            sources = [
                text for path, text in snapshot.files.items() if path.startswith(f"{package}/settings")
            ]
            return App(
                "django",
                f"{package}.wsgi",
                "gunicorn",
                Sentence("manage.py and {path}: Django", path=f"{package}/wsgi.py"),
                collect_static=any("STATIC_ROOT" in text for text in sources),
            )
    return None


def _django_settings(manage: str) -> str | None:
    """The second argument of os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)."""
    for node in ast.walk(_parse(manage)):
        if isinstance(node, ast.Call) and len(node.args) == 2:
            name, value = node.args
            if (
                isinstance(name, ast.Constant)
                and name.value == "DJANGO_SETTINGS_MODULE"
                and isinstance(value, ast.Constant)
                and isinstance(value.value, str)
            ):
                return value.value
    return None


def _apps(path: str, source: str) -> Iterator[App]:
    """App objects and factories at a module's top level."""
    module = ".".join(PurePosixPath(path).with_suffix("").parts).removesuffix(".__init__")
    tree = _parse(source)
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and (kind := _framework(node.value)):
            names = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in names:
                if isinstance(name, ast.Name):
                    yield App(
                        kind.lower(),
                        f"{module}:{name.id}",
                        FRAMEWORKS[kind],
                        Sentence(
                            "{path} line {line}: {name} = {kind}(…)",
                            path=path,
                            line=node.lineno,
                            name=name.id,
                            kind=kind,
                        ),
                    )
        if isinstance(node, ast.FunctionDef) and node.name in FACTORIES and not _needs_arguments(node):
            for kind in _frameworks_inside(node):
                yield App(
                    kind.lower(),
                    f"{module}:{node.name}",
                    FRAMEWORKS[kind],
                    Sentence(
                        "{path} line {line}: {name}() makes a {kind}",
                        path=path,
                        line=node.lineno,
                        name=node.name,
                        kind=kind,
                    ),
                    factory=True,
                )
                break


def _framework(value: ast.expr | None) -> str | None:
    """The framework whose object the expression makes: Flask(…), flask.Flask(…)."""
    if not isinstance(value, ast.Call):
        return None
    called = value.func
    name = (
        called.id
        if isinstance(called, ast.Name)
        else called.attr
        if isinstance(called, ast.Attribute)
        else ""
    )
    return name if name in FRAMEWORKS else None


def _frameworks_inside(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and (kind := _framework(node)):
            yield kind


def _needs_arguments(function: ast.FunctionDef) -> bool:
    arguments = function.args
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return needed > 0 or any(default is None for default in arguments.kw_defaults)


def _parse(source: str) -> ast.Module:
    """The module's syntax tree; empty for what is not Python (the app itself will say so, with the line)."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: nested without an end
        return ast.Module(body=[], type_ignores=[])


def _likelihood(path: str) -> tuple[int, int, str]:
    name = path.rsplit("/", 1)[-1]
    return (path.count("/"), LIKELY.index(name) if name in LIKELY else len(LIKELY), path)


def _is_test(path: str) -> bool:
    return any(part in ("test", "tests") or part.startswith("test_") for part in path.split("/"))
