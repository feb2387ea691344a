"""What a platform must offer, over TCP: the same client, a served Xero, the machine's own clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.clock import SystemClock
from sandbox.server import serving
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from schemas.command import Command
from schemas.names import Entity, Side
from streams.platforms.interface import PlatformClient
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants

NOWHERE = "99999999-9999-4999-8999-999999999999"


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def organisation() -> Organisation:
    made = Organisation(clock=SystemClock())
    made.seed_defaults()
    return made


@pytest.fixture
def url(organisation: Organisation) -> Iterator[str]:
    with serving(create_app(organisation, clock=SystemClock())) as address:
        yield address


@pytest.fixture
async def client(organisation: Organisation, url: str) -> AsyncIterator[PlatformClient]:
    stored: list[Grant] = []

    async def load() -> Grant | None:
        return stored[-1] if stored else None

    async def save(grant: Grant) -> None:
        stored.append(grant)

    credentials = organisation.credentials()
    grants = Grants(
        url, str(credentials["client_id"]), str(credentials["client_secret"]), load=load, save=save, clock=_now,
        first=str(credentials["refresh_token"]),
    )  # fmt: skip
    made = XeroClient(url, organisation.tenant_id, grants, clock=_now, sleep=asyncio.sleep)
    yield made
    await made.close()


def command(entity: Entity, kind: str, key: str | None, **more: Any) -> Command:
    return Command.model_validate(
        {
            "id": f"{entity}-{kind}-{key}", "tenant": "acme", "connection": "acme.xero", "platform": "xero",
            "side": Side.ERP, "kind": kind, "entity": entity, "customer": "company:1", "record": "x", "at": _now(),
            "natural_key": key, **more,
        }
    )  # fmt: skip


def test_the_kinds_are_named_in_the_order_of_a_first_reading():
    assert XeroClient.kinds == (
        "item", "contact", "invoice", "credit_note", "payment", "prepayment", "overpayment",
    )  # fmt: skip


async def test_what_is_written_is_read_polled_and_looked_up(client: PlatformClient):
    made = command(Entity.COMPANY, "create", "9001", fields={"name": "Acme"})
    (written,) = await client.write([made])
    assert (written.state, written.command) == ("applied", made.id)
    assert written.ref
    record = written.ref.rpartition("/")[2]
    (read,) = await client.read("contact", [record])
    assert (read.record_id, read.version) == (record, written.version)
    polled = [each async for page in client.poll("contact", None) for each in page.records]
    assert [(each.record_id, each.version) for each in polled] == [(record, written.version)]
    found = await client.look_up(made)
    assert found is not None
    assert (found.state, found.ref, found.version) == ("applied", written.ref, written.version)


async def test_a_look_up_of_what_was_never_written_finds_nothing(client: PlatformClient):
    lines = [{"description": "x", "quantity": "1", "unit_price": "1"}]
    links = {"company": f"xero/contact/{NOWHERE}"}
    wanted = [
        command(Entity.COMPANY, "create", "9001", fields={"name": "Acme"}),
        command(Entity.PRODUCT, "create", "W-1", fields={"name": "Widget"}),
        command(Entity.INVOICE, "create", "RM-1", fields={"lines": lines}, links=links),
        command(Entity.COMPANY, "update", None, ref=f"xero/contact/{NOWHERE}", fields={"name": "Acme"}),
    ]
    assert [await client.look_up(each) for each in wanted] == [None] * 4


async def test_every_command_is_answered_once(client: PlatformClient):
    wanted = [
        command(Entity.COMPANY, "create", "1", fields={"name": "One"}),
        command(Entity.PRODUCT, "create", "W-1", fields={"name": "Widget", "price": "1.00"}),
        command(Entity.COMPANY, "create", "2", fields={"name": "One"}),
        command(Entity.DEAL, "create", "3", fields={"name": "Deal"}),
    ]
    states = {each.command: each.state for each in await client.write(wanted)}
    assert [states[each.id] for each in wanted] == ["applied", "applied", "refused", "refused"]


async def test_reading_nothing_and_what_is_gone(client: PlatformClient):
    for kind in client.kinds:
        assert await client.read(kind, []) == []
        (gone,) = await client.read(kind, [NOWHERE])
        assert (gone.kind, gone.record_id, gone.deleted) == (kind, NOWHERE, True)
