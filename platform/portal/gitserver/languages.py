"""In which language each git is answered, also one that names it only as it begins."""

from __future__ import annotations

from collections import OrderedDict

from portal.gitserver.address import GitRequest
from portal.languages import preferred

_MOST = 4096


class Languages:
    """Knows, by key and project, what the newest list of refs was asked for with (docs/adr/0022).

    git before 2.38 sends its Accept-Language there and not with the pack. Of two who push to one project with
    one key at one moment, one may be told in the other's language.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str | None, int], str] = OrderedDict()

    def of(self, request: GitRequest, key_id: str | None, project_id: int, accept_language: str) -> str:
        """The language to answer a request in, whose key may do what it asks for."""
        asker = key_id, project_id
        if request.advertisement:
            self._known[asker] = preferred(accept_language)
            self._known.move_to_end(asker)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        if accept_language or asker not in self._known:
            return preferred(accept_language)
        return self._known[asker]
