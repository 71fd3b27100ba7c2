"""The names of Alpine Linux: Debian underneath, with Alpine's commands for packages and users."""

from localcluster.images.debian import FILES
from localcluster.images.layer import pack
from localcluster.images.oci import Image, Layer
from localcluster.images.store import Store


def like_alpine(store: Store, image: Image) -> Image:
    """The image with `apk`, `adduser` and `addgroup` as Dockerfiles for Alpine call them."""
    texts = tuple((FILES / name).read_text() for name in ("apk", "adduser", "addgroup"))
    return image.with_layer(store.layer(_alpine_commands, texts))


def _alpine_commands(store: Store, _texts: tuple[str, ...]) -> Layer:
    return pack(
        store.blobs,
        {
            "/sbin/apk": FILES / "apk",
            "/usr/local/sbin/adduser": FILES / "adduser",
            "/usr/local/sbin/addgroup": FILES / "addgroup",
        },
        mode=0o755,
    )
