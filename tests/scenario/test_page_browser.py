"""The pages in headless Chromium: each view in light and dark, wide and on a phone, by keyboard, and read by axe-core.

Where there is no Chromium the tests say so and are skipped. A picture of each view is kept (`tests.support.chromium`).
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.audit import Signature
from schemas.brake import BrakeState, brake_key
from schemas.deed import Deed
from schemas.names import Entity, Side
from schemas.night import Night
from schemas.quarantine import Settlement
from streams.lanes.status import Standing
from tests.support.broker import read
from tests.support.capturing import crm, erp, erp_invoice
from tests.support.chromium import CHROMIUM, complaints, keep
from tests.support.running import REVMARK
from tests.unit.console.records import (
    INERT,
    at,
    entry,
    event,
    proposal,
    quarantined,
    total,
    variance,
    verdict,
)
from tests.unit.console.scene import Scene
from tests.unit.facts.records import ACME, ARM, LEAD, PRODUCT, row

pytestmark = pytest.mark.broker
PATIENCE = 60_000  # milliseconds
HEAVIEST = 300_000  # bytes that a page may send before it is drawn
WIDE, PHONE = (1280, 900), (390, 844)
STILL = {"until": "2999-01-01T00:00:00+00:00", "why": f"Xero does not answer: {INERT}"}
VIEWS = {
    "now": "/", "books": "/books", "day": "/books?day=2026-11-20&currency=EUR", "quarantine": "/quarantine",
    "held": "/quarantine?name={held}", "log": "/said", "earned": "/attribution?month=2026-09",
    "facts": "/facts", "sheet": "/facts?record={record}",
    "record": "/record?record={record}",
}  # fmt: skip
# What the keyboard has to reach: all that can be clicked or filled in, and is shown. Of radio buttons the tab key
# reaches one, and of a plot's days as well; arrow keys reach the others.
CONTROLS = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter((each) => each.type !== 'radio' && !each.closest('.plot a[tabindex="-1"]'))
  .filter((each) => each.checkVisibility({visibilityProperty: true}))
  .map((each, i) => { each.dataset.control = i; return `${i} ${each.tagName} ${each.textContent.slice(0, 40)}`; })"""
ASKED_TWICE = "(path) => performance.getEntriesByType('resource').filter((each) => each.name.includes(path)).length > 1"
FOCUSED = "() => document.activeElement?.dataset?.control ?? ''"


def records(folder: Path) -> list[tuple[str, str | bytes, bytes]]:
    """Something of everything: what waits, what is held, a record with both sides, days that agree and that differ."""
    refused = entry(3, "refused")
    brake = BrakeState(
        tenant="main", connection="main.xero", platform="xero", side=Side.ERP, entity=Entity.COMPANY, rule="owner",
        state="stopped", records=9, bound=5, held=4, command="c", stopped_at=at(1),
    )  # fmt: skip
    decided = [
        verdict(1, label=INERT),
        verdict(2, field="phone", ruling="review", rule="newest", chosen=None, label=INERT),
        verdict(3, field="owner", ruling="take_crm", rule="person", who="kim", why=INERT),
        proposal(4),
    ]
    night = Night(tenant="main", night="2026-11-20", at=at(5), contract="c", says=INERT, whole=True, variances=2)
    signed = Signature(tenant="main", night="2026-11-20", who=INERT, at=at(2), contract="c")
    deed = Deed(
        id="d", tenant="main", who="kim", via="page", what="link", about=INERT, why="so", outcome="failed", at=at(3)
    )
    scene = Scene(folder)
    scene.see(erp("a", Name=INERT), crm("1", name=INERT, xero_contact_id="a"), erp_invoice("i", "a"))
    moved = ACME["shipping_address"] | {"city": "Auckland"}
    drifting = [
        row(0, LEAD, ACME | {"name": "ACME Limited", "tax_number": None}, ACME | {"shipping_address": moved}),
        row(1, PRODUCT, ARM | {"price": "1400.00"}, ARM),
    ]
    back = event(1, type="payment_reversed", told_as="refund_made", customer_name=INERT)
    found: list[tuple[str, str | bytes, bytes]] = [
        *((each.topic, each.key or b"", each.value or b"") for each in [*scene.deliveries(), *drifting]),
        ("tables.cursors", b'"main.hubspot|standing"', orjson.dumps(asdict(Standing()))),
        ("tables.cursors", b'"main.xero|standing"', orjson.dumps(asdict(Standing()) | STILL)),
        *(("decisions", "k", each.to_bytes()) for each in decided),
        *(("quarantine", f"q{offset}", quarantined(offset, reason=f"not a change: {INERT}")) for offset in (17, 18)),
        ("brakes", brake_key("main.xero", "company", "owner"), brake.to_bytes()),
        ("ledger", refused.command.id, refused.to_bytes()),
        ("revenue", "k", back.to_bytes()),
        ("variances", "v1", variance(1).to_bytes()),
        ("variances", "v2", variance(2, "closed").to_bytes()),
        ("audit", "main|d", deed.to_bytes()),
        ("signatures", "main|2026-11-20", signed.to_bytes()),
        ("nights", "main|2026-11-20", night.to_bytes()),
        ("totals", "jpy", total(Side.ERP, "70000", currency="JPY").to_bytes()),
    ]
    for day in range(1, 31):
        for side in Side:
            amount = Decimal(100 * day + (7 * (day - 18) if side is Side.CRM and day in {12, 20, 27} else 0))
            one = total(side, str(amount), day=f"2026-11-{day:02}", invoices=day)
            found.append(("totals", f"{day}{side.value}", one.to_bytes()))
    return found


async def fill(broker: str, prefix: str, folder: Path) -> None:
    """Put it on topics."""
    found = records(folder)
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    made = sorted({topic for topic, _, _ in found})
    await admin.create_topics([NewTopic(f"{prefix}{name}", 1, 1) for name in made])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        for topic, key, value in found:
            await producer.send_and_wait(f"{prefix}{topic}", value, key=key.encode() if isinstance(key, str) else key)


def aside(work: Coroutine[Any, Any, Any]) -> Any:
    """Run something in a loop of its own: the browser's driver has one in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def page(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a page that shows all of it, and the prefix of its topics."""
    folder, prefix = tmp_path_factory.mktemp("page"), f"t{uuid.uuid4().hex[:8]}."
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: the package chromium)")
    aside(fill(broker, prefix, folder))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REVMARK_")}
    given = {"BROKER": broker, "TOPIC_PREFIX": prefix, "STATE": str(folder)}
    process = subprocess.Popen(  # noqa: S603 - our own command
        [REVMARK, "page", "--port", "0"],
        env=kept | {f"REVMARK_{name}": value for name, value in given.items()},
        cwd=folder, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[2], prefix
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


class Visit:
    """One visit: a window, what it asked for and what it complained of."""

    def __init__(self, chromium: Any, address: str) -> None:
        self.address = address
        self.tab = chromium.new_page(
            viewport={"width": WIDE[0], "height": WIDE[1]}, color_scheme="light", reduced_motion="reduce"
        )
        self.tab.set_default_timeout(PATIENCE)
        self.complaints = complaints(self.tab)
        self.asked: set[str] = set()
        self.tab.on("request", lambda request: self.asked.add(request.url))

    def open(self, view: str) -> None:
        path = VIEWS[view].format(held="revmark.changes-0-17", record="hubspot:company:1")
        self.tab.goto(self.address + path)
        self.tab.wait_for_selector("#live.on")
        self.tab.wait_for_function("() => !/^Reading the topics/.test(document.getElementById('headline').textContent)")
        if view == "now":
            self.tab.wait_for_selector("#waiting-list form", state="attached")
        self.tab.eval_on_selector_all("#waiting-list details", "all => all.forEach((each) => { each.open = true; })")

    def look(self, size: tuple[int, int], scheme: str) -> None:
        self.tab.set_viewport_size({"width": size[0], "height": size[1]})
        self.tab.emulate_media(color_scheme=scheme)
        self.tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def weight(self) -> int:
        """What was sent, as it is without compression; of the stream the first document."""
        paths = {each.replace("/api/stream", "/api/overview") for each in self.asked}
        return sum(len(httpx.get(each).content) for each in paths)

    def close(self) -> None:
        self.tab.close()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_drawn_read_and_weighed(page: tuple[str, str], chromium: Any, view: str):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - where there is a Chromium

    visit = Visit(chromium, page[0])
    visit.open(view)
    for size, scheme in ((WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")):
        where = f"{view}, {size[0]} wide, {scheme}"
        visit.look(size, scheme)
        keep(visit.tab, f"{view}-{size[0]}-{scheme}")
        assert visit.tab.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0, where
        if (size, scheme) in {(WIDE, "light"), (PHONE, "dark")}:
            serious = [
                (each["id"], [node["target"] for node in each["nodes"]])
                for each in Axe().run(visit.tab).response["violations"]
                if each["impact"] in {"serious", "critical"}
            ]
            assert serious == [], where
    assert visit.complaints == []
    assert {urlsplit(each).netloc for each in visit.asked} == {urlsplit(page[0]).netloc}
    assert 20_000 < visit.weight() <= HEAVIEST
    assert visit.tab.locator("script").count() == 1
    if view == "now":
        assert visit.tab.inner_text("#needs li:first-child") == "Xero stands still"
        assert "refund reversed" in visit.tab.inner_text("#event-list")
    if view == "books":
        assert "changed since it was signed" in visit.tab.inner_text("#night-list")
    if view not in {"books", "day"}:  # a name that is markup is shown, and as text
        assert INERT in visit.tab.inner_text("main")
    visit.close()


@pytest.mark.parametrize("view", VIEWS)
def test_the_keyboard_reaches_every_control(page: tuple[str, str], chromium: Any, view: str):
    visit = Visit(chromium, page[0])
    visit.open(view)
    visit.tab.eval_on_selector_all(".figures", "all => all.forEach((each) => { each.open = true; })")
    controls = visit.tab.evaluate(CONTROLS)
    visit.tab.evaluate("() => dispatchEvent(new Event('resize'))")  # drawn again, what has not changed stays
    reached = set()
    for _ in range(len(controls) + 20):
        visit.tab.keyboard.press("Tab")
        reached.add(visit.tab.evaluate(FOCUSED))
    assert len(controls) >= 8
    assert [each for each in controls if each.split()[0] not in reached] == []
    visit.close()


@pytest.mark.parametrize(
    ("path", "asks", "said"),
    [
        ("/books?day=soon&currency=EUR", "day", "A day is YYYY-MM-DD, not 'soon'."),
        ("/attribution?month=soon", "attribution", "'soon' is no month: it is written YYYY-MM."),
        ("/facts?record=nobody", "sheet", "There is no fact sheet of 'nobody'"),
        ("/record?record=nobody", "explain", "There is nothing to explain for 'nobody'"),
        ("/quarantine?name=nobody", "held", "'nobody'"),
    ],
    ids=["books", "earnings", "facts", "record", "quarantine"],
)
def test_what_makes_no_sense_is_told_in_a_sentence_and_nothing_stands_empty(
    page: tuple[str, str], chromium: Any, path: str, asks: str, said: str
):
    visit = Visit(chromium, page[0])
    visit.tab.goto(page[0] + path)
    visit.tab.wait_for_selector("#live.on")
    visit.tab.wait_for_selector("#problem:not([hidden])")
    visit.tab.wait_for_function(ASKED_TWICE, arg=f"/api/{asks}?")  # the second time when the stream begins
    visit.tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    told = visit.tab.inner_text("#problem")
    assert (said in told, told.endswith((".", "!", "?"))) == (True, True)
    cards = [each.inner_text().strip() for each in visit.tab.locator("main .card:visible").all()]
    assert [each for each in cards if each.count("\n") < 2] == []
    visit.close()


def test_a_days_bar_leads_to_its_documents_by_keyboard(page: tuple[str, str], chromium: Any):
    visit = Visit(chromium, page[0])
    visit.open("books")
    assert visit.tab.inner_text("#headline") == "4 days differ."  # and one of another currency is among them
    visit.tab.focus("#plot a[tabindex='0']")
    for _ in range(10):
        visit.tab.keyboard.press("ArrowLeft")
    visit.tab.keyboard.press("Enter")
    visit.tab.wait_for_selector("#variance-list a:has-text('INV-0001')")
    assert "day=2026-11-20" in visit.tab.url
    assert visit.tab.evaluate("() => document.activeElement.id") == "day"
    assert "differs by 14" in visit.tab.inner_text("#day-hint")
    visit.close()


def test_a_fact_sheet_is_found_by_its_drift_and_saved_as_json_ld(page: tuple[str, str], chromium: Any):
    visit = Visit(chromium, page[0])
    visit.open("facts")
    visit.tab.select_option("#kind", "contradiction")
    visit.tab.wait_for_function("() => !document.getElementById('drift-list').textContent.includes('variant')")
    assert "kind=contradiction" in visit.tab.url
    visit.tab.focus("#drift-list a:has-text('Robot arm')")
    visit.tab.keyboard.press("Enter")
    visit.tab.wait_for_selector("#fact-table:has-text('1,380.00 NZD')")
    with visit.tab.expect_download() as saved:
        visit.tab.click("#sheet-links a:has-text('JSON-LD')")
    assert saved.value.suggested_filename == f"{PRODUCT.replace(':', '-')}.jsonld"
    (node,) = orjson.loads(Path(saved.value.path()).read_bytes())["@graph"]
    assert (node["sku"], node["offers"]["price"]) == ("ARM-7", "1380.00")
    keep(visit.tab, "sheet-of-a-product")
    assert visit.complaints == []
    visit.close()


def test_an_operator_drops_a_record_by_keyboard(broker: str, page: tuple[str, str], chromium: Any):
    address, prefix = page
    visit = Visit(chromium, address)
    visit.tab.goto(f"{address}/quarantine?name=revmark.changes-0-18")
    visit.tab.focus("#settle-form input[name=why]")
    visit.tab.keyboard.type("a test record")
    visit.tab.keyboard.press("Tab")
    visit.tab.keyboard.press("Tab")
    visit.tab.keyboard.press("Enter")
    visit.tab.wait_for_selector("#told.done:has-text('is dropped')")
    visit.tab.wait_for_selector("#settle-form:has-text('Dropped by')")
    keep(visit.tab, "dropped")
    lying = aside(read(broker, f"{prefix}quarantine"))
    (word,) = [Settlement.from_bytes(each.value) for each in lying if b'"settlement"' in each.value]
    assert (word.state, word.offset, word.why) == ("dropped", 18, "a test record")
    visit.tab.goto(f"{address}/said")
    visit.tab.wait_for_selector("#word-list:has-text('a test record')")
    assert visit.complaints == []
    visit.close()
