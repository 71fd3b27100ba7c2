"""Pushes images to the mirror, a registry of ours that speaks plain HTTP on loopback, and takes tags off."""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from localcluster.errors import ClusterError
from localcluster.images.oci import MANIFEST_TYPE, Image, Layer, digest_of

_TIMEOUT_SECONDS = 600
_CHUNK_BYTES = 1 << 20
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True)
class Registry:
    """`address` is host:port, or an http URL."""

    address: str

    @property
    def url(self) -> str:
        return self.address if "://" in self.address else f"http://{self.address}"

    def push(self, image: Image, repository: str, tags: Iterable[str]) -> str:
        """Send what the registry has not; gives the manifest's digest. Again, it costs HEAD requests only."""
        with self._client() as client:
            missing = [tag for tag in tags if self._digest(client, repository, tag) != image.digest]
            if missing:
                for layer in image.layers:
                    self._blob(client, repository, layer.digest, layer)
                self._blob(client, repository, digest_of(image.config_document), image.config_document)
            for tag in missing:
                answer = client.put(
                    f"/v2/{repository}/manifests/{tag}",
                    content=image.manifest,
                    headers={"Content-Type": MANIFEST_TYPE},
                )
                answer.raise_for_status()
        return image.digest

    def tagged(self, prefix: str) -> set[str]:
        """ "REPOSITORY:TAG" of all whose repository begins so."""
        found: set[str] = set()
        with self._client() as client:
            catalog = client.get("/v2/_catalog", params={"n": 1000}).raise_for_status().json()
            for repository in catalog["repositories"] or ():
                if not repository.startswith(prefix):
                    continue
                answer = client.get(f"/v2/{repository}/tags/list")
                if answer.status_code != 404:  # it has none any more
                    tags = answer.raise_for_status().json()["tags"] or ()
                    found |= {f"{repository}:{tag}" for tag in tags}
        return found

    def untag(self, names: Iterable[str]) -> None:
        """Take off these, "REPOSITORY:TAG" each; what is in an image goes once it is collected."""
        with self._client() as client:
            for repository, _, tag in (name.rpartition(":") for name in names):
                answer = client.delete(f"/v2/{repository}/manifests/{tag}")
                if answer.status_code != 404:
                    answer.raise_for_status()

    @contextmanager
    def _client(self) -> Iterator[httpx.Client]:
        # trust_env: a proxy of the environment must not see requests to our own loopback. verify: an empty
        # context, since plain HTTP needs none, and reading the authorities costs more than all the requests.
        try:
            with httpx.Client(
                base_url=self.url, timeout=_TIMEOUT_SECONDS, trust_env=False, verify=_NO_AUTHORITIES
            ) as client:
                yield client
        except httpx.HTTPStatusError as error:
            raise ClusterError(
                f"The mirror at {self.address} refused {error.request.method} {error.request.url.path}: "
                f"{error.response.status_code} {error.response.text[:300]}"
            ) from error
        except httpx.TransportError as error:
            raise ClusterError(f"The mirror at {self.address} does not answer: {error}") from error

    def _digest(self, client: httpx.Client, repository: str, tag: str) -> str | None:
        answer = client.head(f"/v2/{repository}/manifests/{tag}", headers={"Accept": MANIFEST_TYPE})
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return str(answer.headers.get("Docker-Content-Digest"))

    def _blob(self, client: httpx.Client, repository: str, digest: str, content: bytes | Layer) -> None:
        known = client.head(f"/v2/{repository}/blobs/{digest}")
        if known.status_code != 404:
            known.raise_for_status()
            return
        begun = client.post(f"/v2/{repository}/blobs/uploads/")
        begun.raise_for_status()
        place = urlsplit(begun.headers["Location"])  # may name another host than the one that we asked
        size = content.size_bytes if isinstance(content, Layer) else len(content)
        client.put(
            f"{place.path}?{place.query}&digest={digest}",
            content=_chunks(content),
            headers={"Content-Type": "application/octet-stream", "Content-Length": str(size)},
        ).raise_for_status()


def _chunks(content: bytes | Layer) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.path.open("rb") as data:
        while piece := data.read(_CHUNK_BYTES):
            yield piece
