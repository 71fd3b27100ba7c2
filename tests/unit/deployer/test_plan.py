"""What a commit is built as, by what stands in it."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time

import pytest

from deployer.build import BuildPlan, plan
from deployer.errors import UserError
from deployer.source import Manifest, Snapshot, WebSettings
from deployer.source.procfile import parse_procfile

EXAMPLES = Path(__file__).parents[3] / "examples"
FLASK = {"requirements.txt": "flask==3.1.0\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
NODE = {"package.json": '{"scripts": {"start": "node server.js"}}', "server.js": ""}


def snapshot(files: dict[str, str], manifest: Manifest | None = None) -> Snapshot:
    procfile = parse_procfile(files["Procfile"]) if "Procfile" in files else {}
    return Snapshot("0" * 40, frozenset(files), files, manifest or Manifest(), procfile)


def planned(files: dict[str, str], manifest: Manifest | None = None) -> BuildPlan:
    return plan(snapshot(files, manifest))


def command(made: BuildPlan) -> list[str]:
    last = [line for line in (made.dockerfile or "").splitlines() if line.startswith("CMD ")][-1]
    return list(json.loads(last.removeprefix("CMD ")))


def stages(made: BuildPlan) -> list[str]:
    return [line.split()[1] for line in (made.dockerfile or "").splitlines() if line.startswith("FROM ")]


def package(**content: object) -> dict[str, str]:
    return {"package.json": json.dumps(content)}


@pytest.mark.parametrize(
    ("name", "language", "bases"),
    [
        ("flask", "python", ["python:3.12-slim"] * 2),
        ("django", "python", ["python:3.12-slim"] * 2),
        ("node", "node", ["node:22-slim"] * 2),
        ("static", "static", ["nginx:alpine"]),
        ("go", "go", ["golang:1.23", "debian:bookworm-slim"]),
        ("spring", "java", ["eclipse-temurin:17", "eclipse-temurin:17-jre"]),
        ("dockerfile", "dockerfile", []),
    ],
)
def test_each_example_is_recognised(name: str, language: str, bases: list[str]) -> None:
    folder = EXAMPLES / name
    paths = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    made = planned({str(path.relative_to(folder)): path.read_text() for path in paths})
    assert (made.language, stages(made)) == (language, bases)


def test_a_dockerfile_comes_before_everything_else_and_is_left_alone() -> None:
    made = planned({**NODE, **FLASK, "Dockerfile": "FROM python:3.12\nEXPOSE 5000\n"})
    assert (made.language, made.dockerfile, made.port, made.command) == ("dockerfile", None, 5000, None)


def test_the_last_stage_says_the_port_of_a_dockerfile() -> None:
    made = planned({"Dockerfile": "FROM a AS build\nEXPOSE 1\nFROM b\nexpose 3000/tcp\n"})
    assert made.port == 3000


def test_madang_yaml_overrules_the_dockerfiles_port_and_command() -> None:
    web = WebSettings(command="python serve.py", port=9000)
    made = planned({"Dockerfile": "FROM a\nEXPOSE 5000\n"}, Manifest(web=web))
    assert (made.port, made.command) == (9000, ("python", "serve.py"))


def test_a_dockerfile_that_madang_yaml_names_has_to_be_there() -> None:
    with pytest.raises(UserError) as refused:
        planned(FLASK, Manifest(dockerfile="deploy/Dockerfile"))
    assert "deploy/Dockerfile" in refused.value.explanation.what


def test_a_syntax_line_is_told_to_be_ignored() -> None:
    made = planned({"Dockerfile": "# syntax=docker/dockerfile:1\nFROM a\n"})
    assert "docker/dockerfile:1" in made.notes[0]


def test_flask_is_served_by_gunicorn_which_is_added() -> None:
    made = planned(FLASK)
    assert command(made)[0] == "gunicorn"
    assert command(made)[-1] == "app:app"
    assert "pip install -r requirements.txt gunicorn" in (made.dockerfile or "")


def test_a_gunicorn_that_is_there_is_not_added_again() -> None:
    made = planned({**FLASK, "requirements.txt": "flask\nGunicorn==23\n"})
    assert "requirements.txt gunicorn" not in (made.dockerfile or "")


def test_a_factory_is_called_by_gunicorn() -> None:
    source = "from flask import Flask\ndef create_app(config=None):\n    app = Flask('x')\n    return app\n"
    assert command(planned({**FLASK, "app.py": source}))[-1] == "app:create_app()"


def test_an_app_in_a_package_is_found() -> None:
    files = {"requirements.txt": "flask", "shop/__init__.py": "import flask\nweb = flask.Flask('shop')\n"}
    assert command(planned(files))[-1] == "shop:web"


def test_an_app_in_a_test_is_not_the_app() -> None:
    files = {**FLASK, "tests/test_app.py": "from flask import Flask\napp = Flask('test')\n"}
    assert command(planned(files))[-1] == "app:app"


def test_fastapi_is_served_by_uvicorn() -> None:
    files = {
        "requirements.txt": "fastapi",
        "main.py": "from fastapi import FastAPI\napi: FastAPI = FastAPI()\n",
    }
    made = planned(files)
    assert command(made)[0] == "uvicorn"
    assert command(made)[-1] == "main:api"


def test_django_collects_static_files_when_it_has_a_place_for_them() -> None:
    manage = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
    files = {"requirements.txt": "django", "manage.py": manage, "shop/wsgi.py": "", "shop/settings.py": ""}
    assert "collectstatic" not in (planned(files).dockerfile or "")
    files["shop/settings.py"] = "STATIC_ROOT = BASE_DIR / 'static'\n"
    made = planned(files)
    assert "manage.py collectstatic --noinput" in (made.dockerfile or "")
    assert command(made)[-1] == "shop.wsgi"


@pytest.mark.parametrize("broken", ["def (:\n", "x = " + "-" * 20_000 + "1\n"])
def test_a_file_that_is_not_python_does_not_hide_the_app_in_another(broken: str) -> None:
    assert command(planned({**FLASK, "broken.py": broken}))[-1] == "app:app"


def test_python_packages_without_a_way_to_start_are_refused_with_the_file_to_write() -> None:
    with pytest.raises(UserError) as refused:
        planned({"requirements.txt": "numpy"})
    assert refused.value.explanation.reason == "no-start-command"
    assert "Procfile" in refused.value.explanation.next


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({".python-version": "3.11.9\n"}, "3.11"),
        ({"runtime.txt": "python-3.11.4"}, "3.11"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.10"\n'}, "3.12"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.9,<3.12"\n'}, "3.11"),
        ({"pyproject.toml": '[project]\nrequires-python = "==3.13.*"\n'}, "3.13"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.9.2"\n'}, "3.12"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.8.1,!=3.9.7,<4.0.0"\n'}, "3.12"),
        ({"pyproject.toml": '[project]\nrequires-python = "~=3.11.0"\n'}, "3.11"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.10,!=3.12.*"\n'}, "3.11"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.10.4"\n'}, "3.12"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.11 || ~3.9"\n'}, "3.11"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3"\n'}, "3.12"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=2.7, !=3.0.*, <4"\n'}, "3.12"),
        ({"pyproject.toml": '[project]\nrequires-python = "<3.11"\n'}, "3.10"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.13"\n'}, "3.13"),
        ({"pyproject.toml": '[project]\nrequires-python = ">3.11.2,<3.12"\n'}, "3.11"),
        ({"pyproject.toml": '[project]\nrequires-python = ">3.12.1,<3.12.9"\n'}, "3.12"),
        ({"pyproject.toml": '[project]\nrequires-python = ">3.11,<3.12"\n'}, "3.11"),
        ({"pyproject.toml": '[project]\nrequires-python = "<=3.11"\n'}, "3.11"),
        ({"pyproject.toml": f"[project]\nrequires-python = '>={'9' * 5000}'\n"}, "3.12"),
        ({".python-version": "# not 3.10: the school has\n3.11\n3.12\n"}, "3.11"),
        ({".python-version": "3.11-dev"}, "3.11"),
        ({".python-version": "cpython-3.11.4-linux-x86_64-gnu"}, "3.11"),
        ({".python-version": "cpython@3.13t"}, "3.13"),
        ({".python-version": ">=3.9,<3.12"}, "3.11"),
        ({".python-version": "pypy3.10-7.3.12"}, "3.10"),
        ({".python-version": "pypy2.7-7.3.11"}, "3.12"),
        ({".python-version": "system", "runtime.txt": "python-3.11.x"}, "3.11"),
        ({".python-version": "3"}, "3.12"),
        ({".python-version": f"3.{'9' * 5000}"}, "3.12"),
        ({}, "3.12"),
    ],
)
def test_the_python_version_is_the_projects(files: dict[str, str], version: str) -> None:
    assert stages(planned({**FLASK, **files}))[0] == f"python:{version}-slim"


@pytest.mark.parametrize(
    ("files", "step"),
    [
        ({"uv.lock": "", "pyproject.toml": ""}, "uv sync --frozen"),
        ({"poetry.lock": "", "pyproject.toml": ""}, "/poetry/bin/poetry install"),
        ({"Pipfile": "[packages]\nflask = '*'\n", "Pipfile.lock": "{}"}, "/pipenv/bin/pipenv requirements"),
        ({"Pipfile": "packages = 3\n"}, "/pipenv/bin/pipenv install --skip-lock"),
        (
            {"pyproject.toml": '[project]\ndependencies = ["flask>=3"]\n'},
            '"pip", "install", "flask>=3", "gunicorn"',
        ),
    ],
)
def test_packages_come_by_the_projects_own_tool(files: dict[str, str], step: str) -> None:
    assert step in (planned({"app.py": FLASK["app.py"], **files}).dockerfile or "")


def test_requirements_that_name_other_files_are_installed_with_the_sources_there() -> None:
    made = planned({**FLASK, "requirements.txt": "-r base.txt\n", "base.txt": "flask"})
    dockerfile = made.dockerfile or ""
    assert dockerfile.index("COPY . .") < dockerfile.index("pip install")


def test_packages_are_installed_before_the_sources_are_copied() -> None:
    for files in (FLASK, NODE):
        dockerfile = planned(files).dockerfile or ""
        assert dockerfile.index("install") < dockerfile.index("COPY . .")


def test_the_procfile_overrules_what_was_found() -> None:
    made = planned(
        {**FLASK, "Procfile": "web: gunicorn other:app --bind 0.0.0.0:$PORT\nworker: python w.py\n"}
    )
    assert command(made) == ["/bin/sh", "-c", "exec gunicorn other:app --bind 0.0.0.0:$PORT"]
    assert "worker" in made.notes[0]


def test_a_release_command_is_planned_and_told_whatever_the_language() -> None:
    release = "release: python manage.py migrate\nworker: python w.py\n"
    for files in (FLASK, NODE, {"Dockerfile": "FROM debian:bookworm\nCMD ['a']\n"}):
        made = planned({**files, "Procfile": release})
        assert made.release_command == ("python", "manage.py", "migrate")
        assert "Procfile release: python manage.py migrate" in made.seen
        assert "not run: worker" in made.notes[0]
    assert planned(FLASK).release_command is None


@pytest.mark.parametrize("files", [FLASK, NODE, {"Dockerfile": "# syntax=a/b\nFROM a\nEXPOSE 80\n"}])
def test_a_plan_comes_back_from_its_row_with_its_sentences(files: dict[str, str]) -> None:
    made = planned({**files, "Procfile": "release: a\nworker: b\n"})
    back = BuildPlan.from_dict(json.loads(json.dumps(made.to_dict())))
    assert back == made
    said = [text.parts() for text in (*made.seen, *made.notes)]
    assert [text.parts() for text in (*back.seen, *back.notes)] == said


def test_a_plan_of_before_says_its_lines_in_english() -> None:
    stored = {**planned(NODE).to_dict(), "seen": ["package.json, so Node 22 (the default)"], "notes": []}
    (seen,) = BuildPlan.from_dict(stored).seen
    assert seen == "package.json, so Node 22 (the default)"


def test_a_start_script_runs_without_npm_in_between() -> None:
    assert command(planned(NODE)) == ["node", "server.js"]


def test_a_start_script_with_hooks_runs_through_npm() -> None:
    assert command(planned(package(scripts={"start": "node a.js", "prestart": "node b.js"}))) == [
        "npm",
        "start",
    ]


@pytest.mark.parametrize(
    ("files", "install"),
    [
        ({"package-lock.json": ""}, "npm ci"),
        ({}, "npm install"),
        ({"yarn.lock": ""}, "yarn install --frozen-lockfile"),
        ({"pnpm-lock.yaml": ""}, "pnpm install --frozen-lockfile"),
    ],
)
def test_the_lock_file_says_which_tool_installs(files: dict[str, str], install: str) -> None:
    assert f" {install}" in (planned({**NODE, **files}).dockerfile or "")


@pytest.mark.parametrize(
    ("engines", "version"),
    [
        (">=18", 22),
        ("20.x", 20),
        ("^20.1.0 || ^18", 20),
        ("18", 18),
        ("<21", 20),
        ("*", 22),
        (">=20 <22", 20),
        ("18 - 22", 22),
        ("18.17.0 - 20", 20),
        ("16 - 18.x", 18),
        ("v18.0.0 - v22.3.0", 20),
        ("14 - 16 || 18 - 20", 20),
        (">=18 <21", 20),
        (">= 18, < 21", 20),
        (">=18<21", 20),
        ("^20 || ^22", 22),
        ("~20.9", 20),
        ("v20.11.1", 20),
        ("18.x", 18),
        ("18.X || 19.*", 18),
        ("x", 22),
        ("", 22),
        ("lts/*", 22),
        ("node", 22),
        ("node18", 22),
        ("<20", 18),
        ("<=20", 20),
        ("<=20.5.0", 18),
        ("<22 >20.1", 20),
        (">22", 24),
        (">=23", 24),
        ("^23", 23),
        (">=22.1 <22.12", 22),
        ("^20.0.0-rc.1", 20),
        pytest.param("9" * 5000, 22, id="digits"),
    ],
)
def test_the_node_version_is_the_engines(engines: str, version: int) -> None:
    made = planned(package(scripts={"start": "node a.js"}, engines={"node": engines}))
    assert stages(made)[0] == f"node:{version}-slim"


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("20\n", 20),
        ("v18.17.0", 18),
        ("# as on the school's machines\n\n20.9.0 # not 22\n", 20),
        ("lts/*", 22),
        ("lts/hydrogen", 18),
        ("lts/Iron", 20),
        ("node", 22),
        ("stable", 22),
        ("system", 16),
        ("", 16),
        pytest.param("9" * 5000, 16, id="digits"),
    ],
)
@pytest.mark.parametrize("name", [".nvmrc", ".node-version"])
def test_a_file_of_nvms_says_which_node_before_the_engines(name: str, said: str, version: int) -> None:
    made = planned({name: said, **package(scripts={"start": "node a.js"}, engines={"node": "16"})})
    assert stages(made)[0] == f"node:{version}-slim"
    assert (f"({name})" in made.seen[0]) is (version != 16)


def test_vite_pages_are_served_by_nginx_with_a_fallback_for_routes() -> None:
    made = planned(package(scripts={"build": "vite build", "start": "vite"}, devDependencies={"vite": "7"}))
    assert stages(made) == ["node:22-slim", "nginx:alpine"]
    assert "COPY --from=build /app/dist /site" in (made.dockerfile or "")
    assert "/index.html" in (made.dockerfile or "")


def test_a_server_beside_vite_is_run_itself() -> None:
    made = planned(package(scripts={"build": "vite build", "start": "node s.js"}, dependencies={"vite": "7"}))
    assert command(made) == ["node", "s.js"]


def test_next_listens_where_the_platform_asks() -> None:
    made = planned(
        package(scripts={"build": "next build", "start": "next start"}, dependencies={"next": "15"})
    )
    assert command(made)[:2] == ["next", "start"]


def test_a_broken_package_json_is_refused_with_its_line() -> None:
    with pytest.raises(UserError) as refused:
        planned({"package.json": '{\n  "scripts": {,\n}\n'})
    assert "package.json line 2" in refused.value.explanation.what


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"package.json": "[" * 100_000}, "bad-package-json"),
        ({"package.json": f'{{"scripts": {"9" * 5000}}}'}, "bad-package-json"),
        ({**FLASK, "pyproject.toml": "a = " + "[" * 100_000}, "bad-toml"),
        ({**FLASK, "pyproject.toml": f"a = {'9' * 5000}"}, "bad-toml"),
    ],
    ids=["brackets, package", "digits, package", "brackets, TOML", "digits, TOML"],
)
def test_what_a_reader_gives_up_on_is_the_students_file(files: dict[str, str], reason: str) -> None:
    with pytest.raises(UserError) as refused:
        planned(files)
    assert refused.value.explanation.reason == reason


@pytest.mark.parametrize(
    "pyproject",
    [
        "project = 3",
        "tool = 3",
        "[tool]\npoetry = 3",
        "[tool.poetry]\ndependencies = ['flask']",
        "[project]\ndependencies = 3",
        "[project]\ndependencies = 'flask'",
    ],
)
def test_a_table_that_is_something_else_says_nothing(pyproject: str) -> None:
    made = planned({"app.py": FLASK["app.py"], "pyproject.toml": pyproject})
    assert stages(made)[0] == "python:3.12-slim"
    assert "pip install gunicorn" in (made.dockerfile or "")
    assert stages(planned({**FLASK, "pyproject.toml": pyproject}))[0] == "python:3.12-slim"


def test_a_version_of_thousands_of_digits_is_none() -> None:
    digits = "9" * 5000
    gradle = {"gradlew": "", "gradle/wrapper/gradle-wrapper.jar": ""}
    for files, base in (
        ({"go.mod": f"module x\ngo {digits}.1\n", "main.go": "package main\n"}, "golang:1.23"),
        ({"pom.xml": f"<java.version>{digits}</java.version>"}, "eclipse-temurin:17"),
        ({"build.gradle": f"JavaLanguageVersion.of({digits})", **gradle}, "eclipse-temurin:17"),
        ({"build.gradle": f"sourceCompatibility = {digits}", **gradle}, "eclipse-temurin:17"),
    ):
        assert stages(planned(files))[0] == base


def test_go_takes_the_only_program_in_cmd() -> None:
    made = planned(
        {"go.mod": "module x\n\ngo 1.21\n", "cmd/web/main.go": "package main\n", "lib.go": "package x"}
    )
    assert "-o /program ./cmd/web" in (made.dockerfile or "")
    assert stages(made)[0] == "golang:1.23"


def test_go_with_two_programs_is_refused_with_their_names() -> None:
    files = {"go.mod": "module x\n", "cmd/a/main.go": "package main\n", "cmd/b/main.go": "package main\n"}
    with pytest.raises(UserError) as refused:
        planned(files)
    assert "./cmd/a, ./cmd/b" in refused.value.explanation.evidence


def test_a_newer_go_gets_its_own_image() -> None:
    assert (
        stages(planned({"go.mod": "module x\ngo 1.24.1\n", "main.go": "package main\n"}))[0] == "golang:1.24"
    )


def test_a_newer_patch_of_go_than_the_images_is_fetched() -> None:
    made = planned({"go.mod": "module x\ngo 1.24.99\n", "main.go": "package main\n"})
    assert stages(made)[0] == "golang:1.24"
    assert "GOTOOLCHAIN=auto" in (made.dockerfile or "")


@pytest.mark.parametrize(
    ("lines", "version"),
    [
        ("go 1.23.0\n\ntoolchain go1.24.2\n", "1.24"),
        ("go 1.25.1\ntoolchain go1.24.2\n", "1.25"),
        ("go 1.24\ntoolchain default\n", "1.24"),
        ("go 1.26rc1\n", "1.26"),
        ("", "1.23"),
    ],
)
def test_the_newer_of_go_mods_two_lines_says_which_go(lines: str, version: str) -> None:
    made = planned({"go.mod": f"module x\n\n{lines}", "main.go": "package main\n"})
    assert stages(made)[0] == f"golang:{version}"


def test_a_go_module_in_a_folder_of_the_project_is_there_before_the_others_are_fetched() -> None:
    files = {"main.go": "package main\n", "lib/go.mod": "module y\n", "go.sum": ""}
    for replaced in ("replace y => ./lib\n", "replace (\n\ty v1.0.0 => ./lib\n)\n"):
        made = (planned({**files, "go.mod": f"module x\ngo 1.23\n{replaced}"}).dockerfile or "").splitlines()
        assert made[made.index("COPY . .") :].count("COPY . .") == 2
        assert made.index("COPY . .") < made.index("RUN go mod download && go build -trimpath std")
    elsewhere = planned({**files, "go.mod": "module x\ngo 1.23\nreplace y => z.example/y v1.0.0\n"})
    assert "COPY go.mod go.sum ./" in (elsewhere.dockerfile or "")


@pytest.mark.parametrize(
    ("files", "fetch"),
    [
        ({"go.mod": "module x\n", "main.go": "package main\n"}, "go mod download && go build -trimpath std"),
        ({"pom.xml": "<project/>"}, "mvn -B -q dependency:go-offline || true"),
    ],
)
def test_what_is_fetched_before_the_sources_is_kept_in_a_layer(files: dict[str, str], fetch: str) -> None:
    """A mount of a cache is empty in each build, also where the step that filled it is taken over."""
    lines = (planned(files).dockerfile or "").splitlines()
    assert f"RUN {fetch}" in lines[: lines.index("COPY . .")]
    assert not [line for line in lines if "--mount=type=cache" in line]


def test_a_maven_project_of_several_modules_fetches_with_its_sources() -> None:
    made = planned({"pom.xml": "<project><modules><module>a</module></modules></project>"})
    lines = (made.dockerfile or "").splitlines()
    package = lines.index("RUN --mount=type=cache,target=/root/.m2 mvn -B -DskipTests package")
    assert lines[package - 1] == "COPY . ."
    assert not [line for line in lines if "go-offline" in line]


def test_gradle_needs_its_wrapper() -> None:
    with pytest.raises(UserError) as refused:
        planned({"build.gradle": ""})
    assert "gradle wrapper" in refused.value.explanation.next


def test_gradle_with_its_wrapper_is_built_by_it() -> None:
    build = "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }"
    made = planned({"build.gradle": build, "gradlew": "", "gradle/wrapper/gradle-wrapper.jar": ""})
    assert "sh ./gradlew" in (made.dockerfile or "")
    assert stages(made)[0] == "eclipse-temurin:21"


def test_nothing_known_is_refused_with_all_that_was_looked_for() -> None:
    with pytest.raises(UserError) as refused:
        planned({"README.md": "", "backend/requirements.txt": ""})
    explanation = refused.value.explanation
    assert explanation.reason == "nothing-to-build"
    for name in ("Dockerfile", "package.json", "requirements.txt", "pom.xml", "go.mod", "index.html"):
        assert name in explanation.what
    assert "backend/requirements.txt" in explanation.next


@pytest.mark.parametrize("files", [FLASK, NODE, {"index.html": ""}])
def test_every_generated_image_runs_as_nobody_special_on_the_given_port(files: dict[str, str]) -> None:
    made = planned(files, Manifest(web=WebSettings(port=3000)))
    dockerfile = made.dockerfile or ""
    assert "\nUSER 10001\n" in dockerfile
    assert "PORT=3000" in dockerfile
    assert ".git\n" in (made.dockerignore or "")


def test_a_projects_own_dockerignore_is_kept() -> None:
    assert planned({**FLASK, ".dockerignore": "x"}).dockerignore is None


def test_what_a_project_says_never_becomes_another_instruction() -> None:
    web = WebSettings(command='python "a\nRUN evil"')
    evil = {"pyproject.toml": '[project]\ndependencies = ["flask\\nRUN evil"]\n', "app.py": FLASK["app.py"]}
    for made in (planned(FLASK, Manifest(web=web)), planned(evil)):
        assert not [line for line in (made.dockerfile or "").splitlines() if line.startswith("RUN evil")]


@pytest.mark.parametrize(
    "files",
    [
        {"Dockerfile": "FROM scratch\n" + "\n" * 200_000},
        {**FLASK, "requirements.txt": "flask\n" + "\n" * 200_000},
        *(
            {**FLASK, "pyproject.toml": f"[project]\nrequires-python = '{text * (250_000 // len(text))}'\n"}
            for text in (" ", "9", "3.", ">=3.1,", "!=3.1.1,", "||3")
        ),
        *(
            package(scripts={"start": "node a.js"}, engines={"node": text * 200_000})
            for text in (" ", "1", "1+", "1-", ">", "1 - ", "x.", "<1 ")
        ),
    ],
)
def test_a_file_of_empty_lines_or_blanks_holds_up_nobody(files: dict[str, str]) -> None:
    began = process_time()
    planned(files)
    assert process_time() - began < 20


def test_a_plan_survives_being_stored() -> None:
    made = planned({**FLASK, "Procfile": "web: python app.py"}, Manifest(web=WebSettings(port=1, health="/")))
    assert BuildPlan.from_dict(json.loads(json.dumps(made.to_dict()))) == made
