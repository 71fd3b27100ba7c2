from pathlib import Path

import pytest

from localcluster.errors import ClusterError
from localcluster.images.bases import GROUPS, make
from localcluster.images.record import debian_packages
from localcluster.images.store import Store


def test_what_generated_dockerfiles_need_comes_first() -> None:
    assert list(GROUPS)[:4] == ["debian", "python", "node", "nginx"]


def test_an_unknown_group_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"'ruby'.*python"):
        make(Store(tmp_path, report=print), "ruby")


def test_a_record_lists_installed_packages_only() -> None:
    status = (
        "Package: jq\nStatus: install ok installed\nVersion: 1.6\nDescription: JSON\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
    )
    assert debian_packages(status) == {"jq": "1.6"}
