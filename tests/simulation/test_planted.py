"""Planted secrets and names: whatever a world goes through, they are in no log, no answer, no metric and no reason.

A world plays with people whose names are planted, webhooks that are forged, broken or not ours, records that cannot be
read, and platforms that refuse with somebody's name in their words. Topics keep what records hold, as they must; the
secrets are looked for there as well. On disk grants are sealed.
"""

import asyncio
import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from sandbox.faults import Fault, FaultKind
from schemas.wire import decode
from streams.engine.rocks import RocksStore
from streams.engine.view import View
from streams.gateway.signatures import hubspot_signature, xero_signature
from streams.lanes.measures import LaneMeasures
from streams.platforms.registry import GrantSafe
from streams.platforms.xero.grants import Grant
from streams.vault import Vault
from tests.simulation.clockwork import START
from tests.simulation.platforms import GATEWAY, SECRET
from tests.simulation.scenes import Scene
from tests.simulation.story import draw
from tests.simulation.wire import call
from tests.simulation.world import KEY, World, looped

FIRST, LAST, STREET = "Arohanui-planted", "Tangaroa-planted", "17 Planted-Lane"
MAIL = "arohanui.planted@planted.example"
FIRM = "Planted-Holdings Limited"
NAMES = (FIRST, LAST, STREET, MAIL, FIRM, "planted")
Headers = list[tuple[bytes, bytes]]


@dataclass
class Planted(World):
    """A world in which all that goes wrong has somebody's name in it."""

    answers: list[bytes] = field(default_factory=list)
    shown: list[bytes] = field(default_factory=list)

    async def _rest(self) -> None:
        await self._people()
        await super()._rest()
        for body in self._bodies():
            for path, headers in self._requests(body):
                status, found, answer = await call(self.gateway, "POST", path, headers, body)
                self.answers.append(b"%d %r %s" % (status, found, answer))
        for body in self._bodies():
            for topic in ("changes", "facts", "documents", "lanes.hubspot", "lanes.xero"):
                await self.broker.produce(topic, body[:40], body)
        self._refusals()
        await self._people("Two")
        await super()._rest()
        self._measure()

    async def _people(self, more: str = "") -> None:
        """Somebody with a name on both sides; a namesake, whom Xero refuses in words that hold the name."""
        sales, finance = self.platforms.sales, self.platforms.finance
        person = {"email": f"{more}{MAIL}", "firstname": FIRST, "lastname": LAST}
        firm = {"name": f"{FIRM}{more}", "domain": f"{more}planted.example", "revmark_shipping_street": STREET}
        made = await sales.do("POST", "people/companies", {"properties": firm})
        met = await sales.do("POST", "people/contacts", {"properties": person})
        body = {"to_type": "companies", "to_id": made["id"], "primary": True}
        await sales.do("POST", f"people/contacts/{met['id']}/associate", body)
        contact = {"Name": f"{FIRM}{more} NZ", "FirstName": FIRST, "LastName": LAST, "EmailAddress": f"x{more}{MAIL}"}
        await finance.do("PUT", "people/Contacts", contact)
        await finance.do("PUT", "people/Contacts", {"Name": f"{FIRM}{more}Twin", "EmailAddress": f"y{more}{MAIL}"})
        await sales.do("POST", "people/companies", {"properties": {"name": f"{FIRM}{more}Twin"}})

    def _bodies(self) -> Iterator[bytes]:
        """What nobody can read, with names and secrets in it."""
        secrets = self.platforms.secrets()
        for text in (*NAMES[:5], *secrets.values()):
            yield text.encode()
            yield json.dumps(text).encode()
            yield b'{"type":"change","tenant":"main","raw":{"name":' + json.dumps(text).encode()
            yield json.dumps({"type": text, "tenant": text, text: text}).encode()
            known = {"type": "change", "tenant": "main", "platform": "hubspot", "side": "crm", "kind": "contact"}
            read = {**known, "record_id": "7", "version": 1, "seen_at": "2026-09-01T00:00:00Z"}
            yield json.dumps({**known, "record_id": {text: text}, "version": text, "seen_at": text}).encode()
            yield json.dumps({**read, "raw": {"properties": {"email": [text], "firstname": {text: text}}}}).encode()
            yield json.dumps([{"subscriptionType": text, "objectId": text, "portalId": text}]).encode()
            yield json.dumps({"events": [{"eventCategory": text, "resourceId": text, text: text}]}).encode()

    def _requests(self, body: bytes) -> Iterator[tuple[bytes, Headers]]:
        """One body, signed well and badly, at each door and beside it."""
        stamp = str(int(self.hours().timestamp() * 1000))
        plain = [(b"content-type", b"application/json")]
        right = hubspot_signature(SECRET, "POST", f"{GATEWAY}/webhooks/hubspot", body, stamp).encode()
        at = (b"x-hubspot-request-timestamp", stamp.encode())
        yield b"/webhooks/hubspot", [*plain, (b"x-hubspot-signature-v3", right), at]
        yield b"/webhooks/hubspot", [*plain, (b"x-hubspot-signature-v3", base64.b64encode(body[:99])), at]
        signed = xero_signature(str(self.platforms.credentials["webhook_key"]), body).encode()
        yield b"/webhooks/xero", [*plain, (b"x-xero-signature", signed)]
        yield b"/webhooks/xero", [(b"content-type", base64.b64encode(body[:99])), (b"x-xero-signature", signed)]
        yield b"/webhooks/" + base64.urlsafe_b64encode(body[:99]), plain

    def _refusals(self) -> None:
        """Both platforms refuse some writes, with a name in their words."""
        said = {"status": "error", "category": "VALIDATION_ERROR", "message": f"{FIRST} {LAST} at {MAIL} is no value"}
        wrong = {"status": 400, "body": said}
        self.platforms.faults["hubspot"].add(Fault(FaultKind.STATUS, "POST", "batch", rate=0.5, params=wrong))
        said = {
            "ErrorNumber": 10,
            "Type": "ValidationException",
            "Message": f"{FIRM}: {FIRST} is taken",
            "Elements": [],
        }
        wrong = {"status": 400, "body": said}
        self.platforms.faults["xero"].add(Fault(FaultKind.STATUS, "PUT", "Contacts", rate=0.5, params=wrong))

    def _measure(self) -> None:
        """What Prometheus is told."""
        self.shown.append(self.gateway.state.gateway.counts.text().encode())  # type: ignore[attr-defined]  # Starlette
        for worker in self.group.workers.values():
            registry = CollectorRegistry()
            registry.register(LaneMeasures(worker.office, clock=self.hours))
            self.shown.append(generate_latest(registry))


@pytest.fixture(scope="module")
def played() -> tuple[Planted, str]:
    """The world after it has been played, and all that was logged meanwhile, down to debugging."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.args!r} {record.exc_info!r} {record.exc_text}")

    handler, root = Kept(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        story = draw(1, 12)
        deeds = tuple(scene for scene in story.scenes if scene.what.startswith(("crm_", "erp_")))
        world = looped(Planted(replace(story, scenes=(*deeds, Scene(story.end + 5, "crm_person", 3)))))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    return world, "\n".join(lines)


def found(world: Planted, *texts: bytes, names: bool = True) -> list[str]:
    """What of all that is planted stands in these texts, plain or in base64."""
    planted = {name: name for name in NAMES} if names else {}
    planted |= world.platforms.secrets()
    joined = b"\n".join(texts)
    return [
        name
        for name, text in planted.items()
        if text.encode() in joined or base64.b64encode(text.encode()).rstrip(b"=")[:-2] in joined
    ]


def rows(world: Planted, topic: str) -> list[bytes]:
    return [row.value or b"" for (name, _), each in world.broker.records.items() if name == topic for row in each]


def test_the_world_went_through_all_of_it(played: tuple[Planted, str]):
    world, logged = played
    assert (world.failures, world.restless) == ([], False)
    assert len(world.platforms.secrets()) >= 6
    statuses = {answer[:3] for answer in world.answers}
    assert statuses >= {b"200", b"400", b"401", b"404", b"415"}
    assert len(rows(world, "quarantine")) >= 100
    assert logged.count("is refused") >= 100
    assert FIRST.encode() in b"".join(rows(world, "facts"))  # the names were met
    assert any(b"planted" in row for row in rows(world, "ledger"))


def test_no_log_holds_a_secret_or_a_name(played: tuple[Planted, str]):
    world, logged = played
    assert found(world, logged.encode()) == []


def test_no_answer_of_the_gateway_holds_a_secret_or_a_name(played: tuple[Planted, str]):
    world, _ = played
    assert len(world.answers) >= 300
    assert found(world, *world.answers) == []


def test_no_metric_holds_a_secret_or_a_name(played: tuple[Planted, str]):
    world, _ = played
    assert b"revmark_webhook_requests_total" in world.shown[0]
    assert b"revmark_platform_calls" in world.shown[1]
    assert found(world, *world.shown) == []


def test_no_reason_and_no_header_in_quarantine_holds_a_secret_or_a_name(played: tuple[Planted, str]):
    world, _ = played
    kept = [decode(row) for row in rows(world, "quarantine")]
    assert found(world, *(f"{row['reason']} {row['headers']}".encode() for row in kept)) == []


def test_no_topic_of_what_was_read_and_decided_holds_a_secret(played: tuple[Planted, str]):
    world, _ = played
    poisoned = {"changes", "facts", "documents", "lanes.hubspot", "lanes.xero", "quarantine"}  # by this test itself
    told = [row for name, _ in world.broker.records if name not in poisoned for row in rows(world, name)]
    assert found(world, *told, names=False) == []


class _Desk:
    """A lane's desk over a store on disk."""

    def __init__(self, store: RocksStore) -> None:
        self.cursors: Any = View(store.reader(0))
        self._store = store
        self._at = 0

    async def write(self) -> None:
        self._at += 1
        self._store.write(0, self.cursors.staged, self._at)

    def check(self) -> None:
        """It is nobody else's."""


@pytest.mark.parametrize("seal", [True, False])
def test_on_disk_a_grant_is_found_by_nobody_unless_it_is_not_sealed(tmp_path: Path, seal: bool):  # noqa: FBT001 - both
    grant = Grant("access-planted", "refresh-planted", START, ("accounting.contacts",))
    store = RocksStore(lambda: tmp_path / "state", "cursors")
    desk = _Desk(store)
    safe = GrantSafe(Vault([KEY]), "main", "xero", "main.xero", lambda: desk)  # type: ignore[arg-type, return-value]  # as a lane has it

    async def keep() -> None:
        for _ in range(3):
            await safe.save(grant.to_bytes().decode())
        if not seal:
            desk.cursors["main.xero|grant"] = grant.to_bytes().decode()
            await desk.write()

    asyncio.run(keep())
    store.close()
    files = [file for file in (tmp_path / "state").rglob("*") if file.is_file()]
    assert files
    assert any(b"planted" in file.read_bytes() for file in files) is not seal
