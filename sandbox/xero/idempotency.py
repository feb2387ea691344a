"""``Idempotency-Key``: one answer for one key, for six minutes.

Facts [SPEC idempotency guide]: up to 128 characters, on POST, PUT and PATCH; the answer is kept six minutes
from the first call; the same key with another request is 400; a cached 500 is replayed. After that the same
request is new, so a retry later than this duplicates.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

LIFE = timedelta(minutes=6)
KEY_LIMIT = 128  # characters


@dataclass(frozen=True, slots=True)
class _Kept:
    digest: str
    until: datetime
    response: Response


class Replays:
    """The answers kept for one app and tenant."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    @staticmethod
    def digest(method: str, path: str, query: str, body: bytes) -> str:
        """What must be equal for a request to be the same one."""
        return hashlib.sha256(f"{method}\n{path.lower()}\n{query}\n".encode() + body).hexdigest()

    def lookup(self, key: str, digest: str, now: datetime) -> Response | str | None:
        """The kept answer, the reason of a refusal, or None for a new key."""
        if len(key) > KEY_LIMIT:
            return f"The Idempotency-Key must not be longer than {KEY_LIMIT} characters"
        kept = self._kept.get(key)
        if kept is None or now >= kept.until:
            return None
        if kept.digest != digest:
            return "The Idempotency-Key has already been used with a different request"
        return kept.response

    def keep(self, key: str, digest: str, response: Response, now: datetime) -> None:
        """Remember the first answer to a key."""
        if len(self._kept) % 1000 == 999:  # noqa: PLR2004 - sweep now and then
            self._kept = {name: kept for name, kept in self._kept.items() if kept.until > now}
        self._kept[key] = _Kept(digest, now + LIFE, response)
