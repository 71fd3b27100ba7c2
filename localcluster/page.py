"""`python -m localcluster.page`: the pages' files as an image has them, for this tree; again is a no-op."""

import shutil
import sys
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.images.page import SHARE, node_modules, page_files, page_sources
from localcluster.images.store import open_store
from localcluster.install.tree import TREE
from localcluster.instance import Instance
from localcluster.lock import held
from localcluster.report import Progress

# Where Django looks for them: in the Python environment, as in the image.
TARGET = Path(sys.prefix) / "share/madang"


def main() -> int:
    report = Progress()
    try:
        store = open_store(Instance.from_environment().cache, report)
        sources = page_sources(TREE)
        layer = store.layer(page_files, sources)
        note = TARGET / "made-from"
        with held(TARGET / "lock"):
            if note.exists() and note.read_text() == layer.digest:
                return 0
            note.unlink(missing_ok=True)
            for part in (store.tree(layer) / SHARE.lstrip("/")).iterdir():
                shutil.rmtree(TARGET / part.name, ignore_errors=True)
                shutil.copytree(part, TARGET / part.name)
            checks = TARGET / "checks"
            checks.mkdir(exist_ok=True)
            shutil.copy(node_modules(store, sources) / "axe-core/axe.min.js", checks / "axe.js")
            note.write_text(layer.digest)
            report("the pages' style sheet, scripts and words")
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
