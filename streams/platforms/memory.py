"""The last version of each record that a client has seen: what a record that is gone can be said to be newer than.

In: records as seen. Out: versions. Invariant: nothing here must survive; what is forgotten is 0, as if never seen.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from streams.platforms.interface import Seen

REMEMBERED = 100_000  # records, about 20 MB; a deletion mostly concerns what was polled within the last days


class Memory:
    """Remembers the records seen last."""

    def __init__(self, size: int = REMEMBERED) -> None:
        """Remember nothing yet."""
        self._size = size
        self._versions: OrderedDict[tuple[str, str], int] = OrderedDict()

    def note(self, seen: Iterable[Seen]) -> None:
        """Remember what was seen; the longest unseen are forgotten first."""
        for each in seen:
            name = (each.kind, each.record_id.lower())
            self._versions[name] = max(each.version, self._versions.pop(name, 0))
        while len(self._versions) > self._size:
            self._versions.popitem(last=False)

    def version(self, kind: str, record_id: str) -> int:
        """The newest version seen of a record; 0 when there is none."""
        return self._versions.get((kind, record_id.lower()), 0)
