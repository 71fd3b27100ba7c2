from pathlib import Path

from localcluster.images.oci import Image, Layer


def _layer(name: str) -> Layer:
    return Layer(Path(name), f"sha256:{name}", f"sha256:tar-{name}", 10)


def test_the_same_layers_and_configuration_have_the_same_digest() -> None:
    one = Image((_layer("a"), _layer("b"))).with_config(Cmd=["run"], User="1")
    other = Image((_layer("a"),)).with_config(User="1").with_layer(_layer("b")).with_config(Cmd=["run"])
    assert one.digest == other.digest


def test_another_order_of_layers_is_another_image() -> None:
    assert Image((_layer("a"), _layer("b"))).digest != Image((_layer("b"), _layer("a"))).digest


def test_where_a_layer_lies_on_the_disk_does_not_count() -> None:
    here, there = (Layer(Path(place), "sha256:x", "sha256:y", 1) for place in ("/here", "/there"))
    assert Image((here,)).digest == Image((there,)).digest


def test_a_later_variable_wins_and_keeps_its_place() -> None:
    image = Image().with_config(Env=["PATH=/bin", "A=1"]).with_config(Env=["PATH=/usr/bin", "B=2"])
    assert image.config["Env"] == ["PATH=/usr/bin", "A=1", "B=2"]


def test_an_image_has_one_entry_of_history_a_layer() -> None:
    assert Image((_layer("a"), _layer("b"))).config_document.count(b'"created_by"') == 2
