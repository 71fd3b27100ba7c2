from pathlib import Path

import pytest

from localcluster.errors import ClusterError
from localcluster.images.layer import Text, pack
from localcluster.images.oci import Layer
from localcluster.images.store import HostFile, Store, run

MADE: list[str] = []


def greeting(store: Store, name: str, *more: object) -> Layer:
    MADE.append(name)
    return pack(store.blobs, {"/greeting": Text(name.encode())})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    MADE.clear()
    return Store(tmp_path / "images", report=lambda _: None)


def test_a_layer_is_made_once(store: Store) -> None:
    assert store.layer(greeting, "hello") == store.layer(greeting, "hello")
    assert MADE == ["hello"]


def test_another_input_is_another_layer(store: Store) -> None:
    assert store.layer(greeting, "hello") != store.layer(greeting, "goodbye")


def test_a_half_written_layer_is_made_again(store: Store) -> None:
    layer = store.layer(greeting, "hello")
    layer.path.write_bytes(layer.path.read_bytes()[:-5])
    assert store.layer(greeting, "hello").path.stat().st_size == layer.size_bytes
    assert MADE == ["hello", "hello"]


def test_a_half_written_note_is_made_again(store: Store) -> None:
    layer = store.layer(greeting, "hello")
    for note in (store.root / "layers").iterdir():
        note.write_text('{"path": "')
    assert store.layer(greeting, "hello") == layer


def test_a_file_counts_by_its_content_wherever_it_lies(store: Store, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("same"), other.write_text("same")
    store.layer(greeting, "hello", HostFile(one))
    store.layer(greeting, "hello", HostFile(other))
    assert len(MADE) == 1
    other.write_text("changed")
    store.layer(greeting, "hello", HostFile(other))
    assert len(MADE) == 2


def test_the_layers_below_count_by_their_digest(store: Store) -> None:
    below = store.layer(greeting, "below")
    store.layer(greeting, "above", (below,))
    moved = Layer(Path("/elsewhere"), below.digest, below.diff_id, below.size_bytes)
    store.layer(greeting, "above", (moved,))
    assert MADE == ["below", "above"]


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(store: Store) -> None:
    left_over = store.root / "work/of-a-killed-process"
    left_over.mkdir(parents=True)
    (left_over / "half").write_text("half")
    with store.scratch() as in_use:
        store.tidy()
        assert in_use.exists()
    assert not left_over.exists()
    assert not in_use.exists()


def test_a_missing_program_says_what_to_run() -> None:
    with pytest.raises(ClusterError, match=r"no-such-program is missing\. Run bin/setup"):
        run(["no-such-program"], "try it")
