"""Java without a Dockerfile: Maven or Gradle, one runnable jar."""

from __future__ import annotations

import re

from deployer.build import choice
from deployer.build.build_plan import BuildPlan
from deployer.build.template import JAVA_OUTPUT, render
from deployer.errors import Explanation, UserError
from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot

GRADLE_FILES = ("build.gradle", "build.gradle.kts")
LOOKED_FOR = ("pom.xml", *GRADLE_FILES)
DEFAULT_VERSION = 17
MAVEN_VERSION = re.compile(
    r"<(?:java\.version|maven\.compiler\.(?:release|target)|release)>\s*(?:1\.)?(\d{1,4})\s*<"
)
GRADLE_VERSION = re.compile(
    r"JavaLanguageVersion\.of\(\s*(\d{1,4})\s*\)"
    r"|sourceCompatibility\s*=\s*[\"']?(?:JavaVersion\.VERSION_)?(?:1[._])?(\d{1,4})(?!\d)"
)


def fits(snapshot: Snapshot) -> bool:
    return any(name in snapshot.paths for name in LOOKED_FOR)


def plan(snapshot: Snapshot) -> BuildPlan:
    """The build tool's wrapper where there is one; the one *.jar that is not -plain is run."""
    tool = "maven" if "pom.xml" in snapshot.paths else "gradle"
    wrapper = _wrapper(snapshot, tool)
    version = java_version(snapshot)
    port = choice.port(snapshot)
    own = choice.own_start(snapshot)
    command, start = own or (("java", "-XX:MaxRAMPercentage=75", "-jar", "/app/app.jar"), "java -jar app.jar")
    file = next(name for name in LOOKED_FOR if name in snapshot.paths)
    built_by = Sentence("the {wrapper} wrapper", wrapper=wrapper) if wrapper else tool.title()
    return BuildPlan(
        language="java",
        port=port,
        dockerfile=render(
            "java",
            tool=tool,
            wrapper=wrapper,
            version=version,
            # Their own packages need one another, so nothing can be fetched before the sources are there.
            modules="<modules>" in snapshot.files.get("pom.xml", ""),
            port=port,
            command=command,
        ),
        dockerignore=choice.dockerignore(snapshot, JAVA_OUTPUT),
        start=start,
        seen=(Sentence("{file}, so Java {version} and {tool}", file=file, version=version, tool=built_by),),
        notes=choice.notes(snapshot),
        web=snapshot.manifest.web,
    )


def java_version(snapshot: Snapshot) -> int:
    """The long-term release that runs what the build file asks for: never older than 17."""
    pattern = MAVEN_VERSION if "pom.xml" in snapshot.paths else GRADLE_VERSION
    for name in LOOKED_FOR:
        if found := pattern.search(snapshot.files.get(name, "")):
            return max(DEFAULT_VERSION, int(next(group for group in found.groups() if group)))
    return DEFAULT_VERSION


def _wrapper(snapshot: Snapshot, tool: str) -> str | None:
    if tool == "maven":
        there = {"mvnw", ".mvn/wrapper/maven-wrapper.properties"} <= snapshot.paths
        return "mvnw" if there else None
    if {"gradlew", "gradle/wrapper/gradle-wrapper.jar"} <= snapshot.paths:
        return "gradlew"
    raise UserError(
        Explanation(
            "no-gradle-wrapper",
            "This is a Gradle project without its wrapper, and Madang cannot know which Gradle it needs.",
            Sentence("looked for: {names}", names="gradlew, gradle/wrapper/gradle-wrapper.jar"),
            "Run `gradle wrapper`, commit gradlew and gradle/wrapper (git add -f), and push again.",
        )
    )
