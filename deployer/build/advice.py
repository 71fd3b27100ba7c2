"""What a student reads of a failed build: the explanations, and advice for the failures met most. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from deployer.errors import Explanation


def out_of_memory(memory_bytes: int, step: str = "") -> Explanation:
    during = f" in the step {step}" if step else ""
    return Explanation(
        "out-of-memory",
        f"Your build needed more memory than the {memory_bytes >> 20} MiB it may use{during}.",
        "exit code 137 (killed)",
        "Let the build do less at once (fewer parallel jobs), or ask an operator for more memory.",
    )


def disk_full(evidence: str) -> Explanation:
    return Explanation(
        "disk-full",
        "Your build wrote more to disk than it may.",
        evidence,
        "Install fewer or smaller packages, and leave data out of the image (.dockerignore).",
    )


def registries_unreachable(output: Sequence[str]) -> Explanation:
    return Explanation(
        "registries-unreachable",
        "Not your code: the package registries could not be reached.",
        "\n".join(output[-3:]),
        "It is built again by itself.",
    )


def hint(output: str) -> str:
    """What to do about the failures that students meet most."""
    if found := re.search(
        r"No matching distribution found for (\S+)|Could not find a version .* requirement (\S+)", output
    ):
        return f"Check the name and version of {found[1] or found[2]} among your packages."
    if "package.json and package-lock.json" in output or ("npm ci" in output and "in sync" in output):
        return "Run `npm install`, commit package-lock.json and push again."
    if "frozen-lockfile" in output or "--immutable" in output or "needs to be updated" in output:
        return "Install again on your machine, commit the lock file and push again."
    if "Missing script:" in output:
        return "Add that script to package.json, or correct its name."
    if found := re.search(r"npm (?:ERR!|error) 404\s+'?([^'\s]+)'? is not in this registry", output):
        return f"Check the name of {found[1]} in package.json."
    if re.search(r"403 Filtered|Received HTTP code 403 from proxy|403 Forbidden.*proxy", output):
        return "A build reaches package registries only; ask an operator if it needs another address."
    if found := re.search(r"fatal error: (\S+\.h): No such file|error: command '?(gcc|cc)'? failed", output):
        return "A package needs a compiler or a system library: use a version with a wheel, or a Dockerfile."
    return "Correct what the lines above say, try it on your machine, commit and push again."


def missing_image(image: str, place: tuple[str, str] | None, base_images: Sequence[str]) -> Explanation:
    name = image.removeprefix("docker.io/").removeprefix("library/")
    where = f"{place[0]} line {place[1]}" if place else "the Dockerfile's FROM line"
    family = name.split(":")[0]
    same = [known for known in base_images if known.split(":")[0] == family]
    close = difflib.get_close_matches(name, same or base_images, n=4, cutoff=0.0 if same else 0.5)
    if not base_images:
        advice = f"Correct the name or tag in {where}."
    else:
        advice = f"Use in {where} one of: {', '.join(close or base_images)}."
    return Explanation(
        "base-image-missing",
        f"There is no base image {name} here." if base_images else f"The base image {name} does not exist.",
        f"{where}: FROM {name}",
        advice,
    )


def missing_file(path: str, place: tuple[str, str] | None) -> Explanation:
    where = f"{place[0]} line {place[1]}" if place else "the Dockerfile"
    return Explanation(
        "copied-file-missing",
        f"{where} copies {path}, and there is no such file in your commit.",
        "",
        f"Commit {path} (git add), or correct the path; see that .gitignore and .dockerignore let it in.",
    )


def bad_dockerfile(line: str | None, said: str) -> Explanation:
    where = f"Dockerfile line {line}" if line else "the Dockerfile"
    return Explanation(
        "bad-dockerfile",
        f"{where[0].upper()}{where[1:]} cannot be understood.",
        said[:300],
        f"Correct {where}, commit and push again.",
    )
