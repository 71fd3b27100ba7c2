"""What a student reads of a failed build: the explanations, and advice for the failures met most. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from deployer.errors import Explanation
from deployer.sentence import Sentence

VERSION = re.compile(r"\d+(?:\.\d+)*")
MOST_AKIN = 4


def out_of_memory(memory_bytes: int, step: str = "") -> Explanation:
    """`step` is the command that ran, if that is known."""
    mebibytes = memory_bytes >> 20
    return Explanation(
        "out-of-memory",
        Sentence(
            "Your build needed more memory than the {mebibytes} MiB it may use in the step `{step}`.",
            mebibytes=mebibytes,
            step=step,
        )
        if step
        else Sentence(
            "Your build needed more memory than the {mebibytes} MiB it may use.", mebibytes=mebibytes
        ),
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
        return Sentence(
            "Check the name and version of {package} among your packages.", package=found[1] or found[2]
        )
    if "package.json and package-lock.json" in output or ("npm ci" in output and "in sync" in output):
        return "Run `npm install`, commit package-lock.json and push again."
    if "frozen-lockfile" in output or "--immutable" in output or "needs to be updated" in output:
        return "Install again on your machine, commit the lock file and push again."
    if "Missing script:" in output:
        return "Add that script to package.json, or correct its name."
    if found := re.search(r"npm (?:ERR!|error) 404\s+'?([^'\s]+)'? is not in this registry", output):
        return Sentence("Check the name of {package} in package.json.", package=found[1])
    if re.search(r"403 Filtered|Received HTTP code 403 from proxy|403 Forbidden.*proxy", output):
        return "A build reaches package registries only; ask an operator if it needs another address."
    if found := re.search(r"fatal error: (\S+\.h): No such file|error: command '?(gcc|cc)'? failed", output):
        return "A package needs a compiler or a system library: use a version with a wheel, or a Dockerfile."
    return "Correct what the lines above say, try it on your machine, commit and push again."


def missing_image(image: str, place: tuple[str, str] | None, base_images: Sequence[str]) -> Explanation:
    name = _name(image)
    where = _where(place, Sentence("the Dockerfile's FROM line"))
    if not base_images:
        advice = Sentence("Correct the name or tag in {where}.", where=where)
    else:
        known = ", ".join(akin(name, base_images))
        advice = Sentence("Use in {where} one of: {known}.", where=where, known=known)
    return Explanation(
        "base-image-missing",
        _no_image(name, base_images),
        Sentence("{where}: FROM {image}", where=where, image=name),
        advice,
    )


def missing_version(image: str, base_images: Sequence[str]) -> Explanation:
    """Of a Dockerfile that Madang wrote: the student's own files asked for a version."""
    name = _name(image)
    return Explanation(
        "base-image-missing",
        _no_image(name, base_images),
        Sentence("One of your files asks for this version: the first lines of the push say which."),
        Sentence(
            "Ask there for a version that is here: {known}. A Dockerfile of your own gets no other.",
            known=", ".join(akin(name, base_images)),
        )
        if base_images
        else "Ask there for another version, commit and push again.",
    )


def akin(name: str, base_images: Sequence[str]) -> Sequence[str]:
    """Those that may serve in its place: of its repository, or the one spelt most like it, the same kind
    ("-slim", "-jre") in other versions, else the nearest tags. All, where no repository is like it.
    """
    repository, _, tag = name.partition(":")
    spelt = difflib.get_close_matches(repository, {known.partition(":")[0] for known in base_images}, n=1)
    family = [known for known in base_images if known.partition(":")[0] in spelt]
    kind = [known for known in family if VERSION.sub("", known.partition(":")[2]) == VERSION.sub("", tag)]
    return kind or difflib.get_close_matches(name, family, n=MOST_AKIN, cutoff=0.0) or base_images


def no_pages(folder: str) -> Explanation:
    """Of a Dockerfile that Madang wrote: what it serves was not built."""
    return Explanation(
        "pages-missing",
        Sentence("Your `build` script made no {folder}/, and that is what would be served.", folder=folder),
        "",
        Sentence("Let `build` write its pages to {folder}/, or add a Dockerfile of your own.", folder=folder),
    )


def missing_file(path: str, place: tuple[str, str] | None) -> Explanation:
    return Explanation(
        "copied-file-missing",
        Sentence(
            "{where} copies {path}, and there is no such file in your commit.",
            where=_where(place, Sentence("the Dockerfile")),
            path=path,
        ),
        "",
        Sentence(
            "Commit {path} (git add), or correct the path; see that .gitignore and .dockerignore let it in.",
            path=path,
        ),
    )


def bad_dockerfile(line: str | None, said: str) -> Explanation:
    if line is None:
        what, advice = (
            "The Dockerfile cannot be understood.",
            "Correct the Dockerfile, commit and push again.",
        )
        return Explanation("bad-dockerfile", what, said[:300], advice)
    return Explanation(
        "bad-dockerfile",
        Sentence("{file} line {line} cannot be understood.", file="Dockerfile", line=line),
        said[:300],
        Sentence("Correct line {line} of {file}, commit and push again.", file="Dockerfile", line=line),
    )


def _name(image: str) -> str:
    return image.removeprefix("docker.io/").removeprefix("library/")


def _no_image(name: str, base_images: Sequence[str]) -> Sentence:
    if base_images:
        return Sentence("There is no base image {image} here.", image=name)
    return Sentence("The base image {image} does not exist.", image=name)


def _where(place: tuple[str, str] | None, otherwise: Sentence) -> Sentence:
    return Sentence("{file} line {line}", file=place[0], line=place[1]) if place else otherwise
