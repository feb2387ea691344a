"""Records and commands as tests write them: only what matters is named."""

from datetime import UTC, datetime
from typing import Any

from schemas.change import Change
from schemas.command import Command
from schemas.names import Entity, Side

AT = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
GUID = "6f2d8c1e-52f1-4e0c-9b1a-0d3a5d1c7e42"


def change(kind: str, properties: dict[str, Any] | None = None, record_id: str = "12", **raw: Any) -> Change:
    """A record as the client reads it."""
    return Change(
        tenant="main",
        platform="hubspot",
        side=Side.CRM,
        kind=kind,
        record_id=record_id,
        version=1,
        seen_at=AT,
        deleted=raw.pop("deleted", False),
        raw={"id": record_id, "properties": properties or {}, **raw},
    )


def command(
    entity: str,
    fields: dict[str, Any] | None = None,
    ref: str | None = None,
    *,
    natural_key: str | None = None,
    links: dict[str, str] | None = None,
    record: str | None = None,
    id: str = "c1",  # noqa: A002 - the field's name
) -> Command:
    """An update when a reference is given, else a create."""
    return Command(
        id=id,
        tenant="main",
        connection="main.hubspot",
        platform="hubspot",
        side=Side.CRM,
        kind="update" if ref else "create",
        entity=Entity(entity),
        customer="company:0",
        record=record or f"{entity}:{natural_key or ref or id}",
        ref=ref,
        natural_key=natural_key,
        fields=fields or {},
        links=links or {},
        at=AT,
    )
