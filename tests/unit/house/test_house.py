"""The house keeps its rules: names, arrows, and what a built wheel holds."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_platform_is_never_a_package() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_an_installed_wheel_holds_the_portal_and_leaves_pythons_platform_alone(tmp_path: Path) -> None:
    uv = [sys.executable, "-m", "uv"] if _has_uv_module() else ["uv"]
    subprocess.run(
        [*uv, "build", "--wheel", "--out-dir", str(tmp_path), str(ROOT)], check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("madang-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {
        "portal/__init__.py",
        "deployer/__init__.py",
        "spot/__init__.py",
        "localcluster/__init__.py",
    } <= set(names)
    assert not [name for name in names if name.startswith("platform/")]
    target = tmp_path / "site"
    subprocess.run(
        [*uv, "pip", "install", "--no-deps", "--target", str(target), str(wheel)],
        check=True,
        capture_output=True,
    )
    asked = "import platform, portal, deployer; print(platform.system(), portal.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=tmp_path,
        env={"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["Linux", str(target / "portal" / "__init__.py")]


def _has_uv_module() -> bool:
    return subprocess.run([sys.executable, "-c", "import uv"], capture_output=True).returncode == 0


def test_no_two_test_modules_share_a_name() -> None:
    """pytest imports a module of a folder without __init__.py by its bare name: the second one is refused."""
    seen: dict[str, Path] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if not (path.parent / "__init__.py").exists():
            other = seen.setdefault(path.stem, path)
            assert other == path, f"rename one of {other} and {path}"
