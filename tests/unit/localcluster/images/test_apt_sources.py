from pathlib import Path

from localcluster.images.apt_sources import entries, machine_entries

DEB822 = """\
# the archive
Types: deb deb-src
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main
 contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://archive.example/other
Suites: bookworm
Components: main
Enabled: no
"""
ONE_LINE = """\
# deb http://archive.example/commented bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://archive.example/debian bookworm main contrib  # here
deb-src http://archive.example/debian bookworm main
deb http://archive.example/security bookworm-security main
"""


def test_both_formats_of_apt_are_read() -> None:
    assert list(entries(DEB822)) == [
        ("http://archive.example/debian", "bookworm", ("main", "contrib")),
        ("http://archive.example/debian", "bookworm-updates", ("main", "contrib")),
    ]
    assert list(entries(ONE_LINE)) == [
        ("http://archive.example/debian", "bookworm", ("main", "contrib")),
        ("http://archive.example/security", "bookworm-security", ("main",)),
    ]


def test_only_the_suites_own_archives_are_kept(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(ONE_LINE)
    (tmp_path / "sources.list.d/vendor.list").write_text(
        "deb https://vendor.example/apt bookworm-vendor main\n"
    )
    assert machine_entries("bookworm", tmp_path) == (
        "deb http://archive.example/debian bookworm main",
        "deb http://archive.example/security bookworm-security main",
    )


def test_a_machine_of_another_distribution_has_none(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://archive.example/ubuntu noble main universe\n")
    assert machine_entries("bookworm", tmp_path) == ()
