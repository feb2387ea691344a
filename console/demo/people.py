"""People: what sales does in HubSpot and finance does in Xero, through the sandboxes' own screens.

Also the independent eye: both systems' whole state and create logs, for checks that do not trust us.
"""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from typing import Any

import httpx

from schemas.wire import decode_platform

Record = dict[str, Any]
JSON = {"Content-Type": "application/json"}


class _Desk:
    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30)
        self._diary: list[Record] = []
        self._reading = threading.Lock()  # a story and whoever watches it may ask at once

    def _do(self, method: str, path: str, body: Any = None) -> Any:
        reply = self._http.request(
            method, f"/_sandbox/{path}", content=None if body is None else _text(body), headers=JSON
        )
        if reply.is_error:
            raise RuntimeError(f"{method} {path}: {reply.status_code} {reply.text}")
        return decode_platform(reply.content) if reply.content else None

    def writes(self, actor: str = "api") -> list[Record]:
        """Every accepted write of an actor."""
        return [row for row in self.diary() if row["actor"] == actor]

    def diary(self) -> list[Record]:
        """Every accepted write, in order; what was asked for before is not asked for again."""
        with self._reading:
            since = self._diary[-1]["sequence"] if self._diary else 0
            self._diary += self._do("GET", f"writes?since={since}")
            return list(self._diary)

    def calls(self) -> list[Record]:
        """Every API call."""
        listing = self._do("GET", "calls")
        return list(listing["calls"] if isinstance(listing, dict) else listing)

    def state(self) -> Any:
        """Everything the system holds."""
        return self._do("GET", "state")

    def drain(self) -> None:
        """Wait until no webhook is on its way."""
        self._do("POST", "drain", {"retries": False, "timeout_seconds": 20})

    def fault(self, kind: str, **more: Any) -> None:
        """Switch a fault on."""
        self._do("POST", "faults", {"kind": kind, **more})

    def faults(self) -> list[Record]:
        """The faults that are on, and how often each has struck."""
        return list(self._do("GET", "faults"))

    def calm(self) -> None:
        """Lift all faults."""
        self._do("DELETE", "faults")

    def close(self) -> None:
        """Leave."""
        self._http.close()


class Sales(_Desk):
    """Somebody at HubSpot's screen."""

    def create(self, kind: str, associations: dict[str, str] | None = None, /, **properties: str) -> str:
        """Make a record, perhaps associated with others, and return its id."""
        made = self._do("POST", f"people/{kind}", {"properties": properties})
        for to_type, to_id in (associations or {}).items():
            self.associate(kind, str(made["id"]), to_type, to_id)
        return str(made["id"])

    def associate(self, kind: str, record: str, to_type: str, to_id: str) -> None:
        """Associate two records."""
        self._do("POST", f"people/{kind}/{record}/associate", {"to_type": to_type, "to_id": to_id, "primary": True})

    def delete(self, kind: str, record: str) -> None:
        """Put a record into the recycle bin."""
        self._do("DELETE", f"people/{kind}/{record}")

    def restore(self, kind: str, record: str) -> None:
        """Take it out again."""
        self._do("POST", f"people/{kind}/{record}/restore", {})

    def edit(self, kind: str, record: str, /, **properties: str) -> None:
        """Change a record."""
        self._do("PATCH", f"people/{kind}/{record}", {"properties": properties})

    def tamper(self, kind: str, record: str, /, **properties: str) -> None:
        """Change a record behind everybody's back: no webhook, no date, no history."""
        self._do("POST", f"tamper/{kind}/{record}", {"properties": properties})

    def records(self, kind: str) -> list[Record]:
        """All live records of a kind, as id and properties."""
        return [row for row in self.state()["objects"][kind] if not row["archived"]]

    def properties(self, kind: str, record: str) -> Record:
        """One record's properties."""
        return next(dict(row["properties"]) for row in self.records(kind) if row["id"] == record)

    def find(self, kind: str, name: str, value: str) -> list[Record]:
        """Records by a property."""
        return [row for row in self.records(kind) if row["properties"].get(name) == value]


class Finance(_Desk):
    """Somebody at Xero's screen."""

    def __init__(self, url: str, tenant: str) -> None:
        super().__init__(url)
        self._tenant = tenant

    def put(self, resource: str, body: Record) -> Record:
        """Make one record."""
        return self._one(resource, self._do("PUT", f"people/{resource}", body))

    def post(self, resource: str, body: Record) -> Record:
        """Change one record."""
        return self._one(resource, self._do("POST", f"people/{resource}", body))

    def delete(self, resource: str) -> None:
        """Remove something."""
        self._do("DELETE", f"people/{resource}")

    def tamper(self, resource: str, record: str, /, **fields: Any) -> None:
        """Change a record behind everybody's back."""
        self._do("POST", f"tamper/{resource}/{record}", fields)

    def settings(self, **values: Any) -> None:
        """Turn the organisation's switches."""
        self._do("POST", "settings", values)

    def shelves(self) -> dict[str, list[Record]]:
        """All records, by resource."""
        tenants = self.state()["tenants"]
        return dict(tenants[next(iter(tenants))])

    def shelf(self, resource: str) -> list[Record]:
        """All records of a resource."""
        return list(self.shelves()[resource])

    def contact(self, name: str) -> Record:
        """An active contact by name."""
        return next(row for row in self.shelf("Contacts") if row["Name"] == name)

    def invoices(self, **equal: Any) -> list[Record]:
        """Sales invoices with these values."""
        return [
            row
            for row in self.shelf("Invoices")
            if row["Type"] == "ACCREC" and all(row.get(name) == value for name, value in equal.items())
        ]

    @staticmethod
    def _one(resource: str, reply: Any) -> Record:
        name = resource.rsplit("/", maxsplit=1)[-1].split("?", maxsplit=1)[0]
        rows = reply.get(name) or next(value for value in reply.values() if isinstance(value, list))
        return dict(rows[0])


def _text(body: Any) -> bytes:
    return json.dumps(body, default=_number).encode()


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not typed in at a screen")
