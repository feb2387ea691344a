"""One API request as the resource modules see it, and what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from sandbox.wire import decode
from sandbox.xero.problems import BadQuery, Malformed
from sandbox.xero.wire import Record

PAGE_SIZE = 100  # default [SPEC]
PAGE_SIZE_LIMIT = 1000  # [SPEC]
WIDE = 4  # decimal places of a unit amount with unitdp=4
NARROW = 2  # and without


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """Method, path parts after ``/api.xro/2.0/``, query (keys in lower case) and body."""

    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def truth(self, name: str, *, default: bool = False) -> bool:
        """A boolean of the query; the official SDK writes ``False`` with a capital [REC]."""
        value = self.query.get(name.lower(), "").lower()
        return default if value not in {"true", "false"} else value == "true"

    def words(self, name: str) -> list[str] | None:
        """A comma-separated filter; None when not given."""
        value = self.query.get(name.lower())
        return None if not value else [word.strip() for word in value.split(",") if word.strip()]

    def number(self, name: str, low: int, high: int) -> int | None:
        """A whole number of the query within bounds (refusal's wording not recorded)."""
        value = self.query.get(name.lower())
        if value is None:
            return None
        if not value.isdecimal() or not low <= int(value) <= high:
            raise BadQuery(f"{name} must be a whole number from {low} to {high}")
        return int(value)

    @property
    def page(self) -> tuple[int, int] | None:
        """Page and size, or None when the caller did not page."""
        page = self.number("page", 1, 10**9)
        size = self.number("pageSize", 1, PAGE_SIZE_LIMIT)
        if page is None and size is None:
            return None
        return page or 1, size or PAGE_SIZE

    @property
    def unit_places(self) -> int:
        """2, or 4 with ``unitdp=4``; asked for on reads and writes alike [SPEC]."""
        return WIDE if self.query.get("unitdp") == "4" else NARROW

    @property
    def since(self) -> datetime | None:
        """``If-Modified-Since``, cut to the second; an unreadable one is ignored [K]."""
        text = self.headers.get("if-modified-since")
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            try:
                moment = parsedate_to_datetime(text)
            except (TypeError, ValueError):
                return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(microsecond=0)

    def document(self) -> Any:
        """The parsed body."""
        try:
            return decode(self.body)
        except ValueError as error:
            raise Malformed(f"Unexpected error parsing the request body: {error}") from None

    def elements(self, plural: str) -> list[Record]:
        """The body's elements: ``{"Invoices": [...]}``, a bare list, or one object [SPEC, REC]."""
        document = self.document()
        if isinstance(document, dict) and plural in document:
            document = document[plural]
        found = document if isinstance(document, list) else [document]
        if not found or not all(isinstance(element, dict) for element in found):
            raise Malformed(f"The request body holds no {plural}")
        return found


@dataclass(frozen=True, slots=True)
class ApiReply:
    """Records to wrap in the envelope; ``status`` 204 has no body."""

    plural: str
    records: Sequence[Record] = ()
    status: int = 200
    pagination: Record | None = None
    extra: Record = field(default_factory=dict)  # other members of the envelope, e.g. SummarizeErrors
    bare: bool = False  # the one record without an envelope: the answer to deleting an allocation [SPEC]
