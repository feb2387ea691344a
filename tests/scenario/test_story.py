"""The whole story over the real broker: calm, with workers killed, with webhooks tripled and shuffled, from nothing.

Each checks itself at the platforms' own state and create logs.
"""

import asyncio
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agents.rules.attribution import attribute
from console.attributing import proofs
from console.earning import postings
from console.explain.contract import Agreed, read
from console.explain.explanation import explain
from console.explain.search import search
from console.facts.answers import Answer
from console.facts.checking import check
from console.facts.drift import drifts
from console.factual import sheets
from console.projection.delivery import SHELVES, STATES
from console.projection.follower import Follower
from console.projection.store import Store
from console.projection.tables import Known
from schemas.ledger import SETTLED
from schemas.names import Entity
from tests.support import recount, subscribers
from tests.support.broker import write
from tests.support.invariants import violations
from tests.support.theatre import Performance, performance

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]

EVER = ("0001-01-01", "9999-12-31")
EXPLAINED_WITHIN = 20  # seconds to read the demo's topics from their beginning; it takes about one


def assert_played(play: Performance) -> None:
    # What was done last is still on its way: the invariants hold once nothing moves any more.
    play.account.expect("all invariants hold", {}, lambda: violations(play), patience=30)
    differences = "\n".join(f"{e.name}\n  expected {e.expected}\n  seen     {e.seen}" for e in play.differences())
    assert not differences, differences
    assert len(play.account.entries) >= 20


def test_workers_are_killed_in_the_middle_and_nothing_is_lost_or_made_twice(
    broker: str, names: str, tmp_path: Path
) -> None:
    with performance(tmp_path, broker, names) as play:
        asyncio.run(write(broker, f"{names}.changes", [(b"demo", b'{"type": "change", "tenant": 7}')]))
        play.stage.raise_curtain()
        one, two = play.stage.processes["worker-1"], play.stage.processes["worker-2"]
        play.story.first_sync()
        one.kill()
        play.story.closed_won()
        one.restart()
        play.story.written_back()
        two.kill()
        play.story.paid()
        two.restart()
        one.kill()
        play.story.conflict()
        one.restart()
        play.story.credit_hold()
        play.story.reconciled()
        play.story.subscribed()
        play.story.nothing_twice()
        assert_played(play)
        quarantined = play.witness.seen(f"{names}.quarantine")
        assert [row["topic"] for row in quarantined] == [f"{names}.changes"]
        assert "tenant" in quarantined[0]["reason"]


def test_webhooks_tripled_and_shuffled_lead_to_the_same_end_and_replays_write_nothing(
    broker: str, names: str, tmp_path: Path
) -> None:
    with performance(tmp_path / "calm", broker, f"{names}a") as calm:
        calm.stage.raise_curtain()
        calm.story.play()
        assert_played(calm)
        assert_every_record_is_explained(calm, tmp_path / "console")
        assert_all_that_xero_posted_is_attributed(calm, tmp_path / "console")
        assert_fact_sheets_are_what_xero_says(calm, tmp_path / "console")
        assert_subscribers_count_what_xero_posted(calm, tmp_path)
        expected = calm.end_state()
    with performance(tmp_path / "storm", broker, f"{names}b") as play:
        for desk in (play.sales, play.finance):
            desk.fault("webhook_duplicate", params={"copies": 3})
            desk.fault("webhook_reorder", params={"window_seconds": 1.5})
        play.stage.raise_curtain()
        play.story.play()
        assert_played(play)
        assert play.end_state() == expected
        assert_a_replay_gives_the_same_tables(play)
        assert_a_start_from_nothing_writes_nothing(play)


def assert_subscribers_count_what_xero_posted(play: Performance, folder: Path) -> None:
    """Both example readers have the same sums, and they are those of Xero's own documents that are not from before."""
    topic = play.topics.name(play.topics.revenue)
    counted = subscribers.python(play.stage.broker, topic, folder / "revenue.sqlite")
    if subscribers.has_node():
        assert subscribers.node(play.stage.broker, topic, folder / "revenue.json", folder) == counted
    told = {row["number"] for row in play.witness.seen(topic)}
    posted: dict[str, Decimal] = defaultdict(Decimal)
    for row in play.finance.shelf("Invoices"):
        if row["InvoiceNumber"] in told and row["Status"] in {"AUTHORISED", "PAID"}:
            posted[row["CurrencyCode"]] += Decimal(str(row["Total"]))
    for row in play.finance.shelf("CreditNotes"):
        if row["CreditNoteNumber"] in told:
            posted[row["CurrencyCode"]] -= Decimal(str(row["Total"]))
    booked: dict[str, Decimal] = defaultdict(Decimal)
    for (_, currency), (amount, _) in counted.items():
        booked[currency] += Decimal(amount)
    assert booked == posted
    assert any(posted.values())


def assert_all_that_xero_posted_is_attributed(play: Performance, folder: Path) -> None:
    """What customers earned is what Xero's own documents come to, and what the stream has counted by day."""
    contract = read(play.stage.options.folder / "contract.yaml")
    assert isinstance(contract, Agreed)
    store = Store(folder, read_only=True)
    try:
        documents = postings(store, contract.contract, "customer")
        bases = {each: attribute(documents, each, *EVER) for each in ("posted", "cash")}
        assert [each.currency for each in proofs(store, documents, *EVER) if each.holds] == ["NZD"]
    finally:
        store.close()
    standing = {"AUTHORISED", "PAID"}
    posted = sum(_amount(row, "Total") for row in play.finance.shelf("Invoices") if row["Status"] in standing)
    posted -= sum(_amount(row, "Total") for row in play.finance.shelf("CreditNotes") if row["Status"] in standing)
    refunds = {"ARCREDITPAYMENT"}
    paid = [row for row in play.finance.shelf("Payments") if row["Status"] == "AUTHORISED"]
    cash = sum(_amount(row, "Amount") * (-1 if row["PaymentType"] in refunds else 1) for row in paid)
    for basis, whole in (("posted", posted), ("cash", cash)):
        assert whole
        assert sum(each.net for each in bases[basis].shares) == whole, basis


def assert_fact_sheets_are_what_xero_says(play: Performance, folder: Path) -> None:
    """Each item and customer of Xero's has a sheet with its price or name, and an answer by it contradicts nothing."""
    contract = read(play.stage.options.folder / "contract.yaml")
    assert isinstance(contract, Agreed)
    store = Store(folder, read_only=True)
    try:
        made = list(sheets(store, contract.contract, "demo"))
    finally:
        store.close()
    products = {each.value("sku"): each for each in made if each.entity is Entity.PRODUCT}
    items = {row["Code"]: row for row in play.finance.shelf("Items")}
    assert set(products) == set(items)
    answers = []
    for sku, item in items.items():
        price = _amount(item["SalesDetails"], "UnitPrice")
        assert Decimal(products[sku].value("price")) == price
        answers.append(Answer(f"{sku} costs {price} NZD."))
    names = {name for each in made if each.entity is Entity.COMPANY for name in each.names}
    assert {row["Name"] for row in play.finance.shelf("Contacts") if row["ContactStatus"] == "ACTIVE"} <= names
    assert not [each for each in drifts(made) if each.kind == "contradiction" and each.entity is Entity.PRODUCT]
    found = check(answers, made)
    assert (found.agreed, found.contradictions) == (len(items), [])
    wrong = check([Answer(f"{next(iter(items))} costs 0.01 NZD.")], made)
    assert [each.owner for each in wrong.contradictions] == ["Xero"]


def _amount(row: dict[str, Any], name: str) -> Decimal:
    return Decimal(str(row[name]))


def assert_every_record_is_explained(play: Performance, folder: Path) -> None:
    """Whatever either platform holds is explained from the topics, whichever way it is named, within seconds."""
    store = Store(folder)
    shelves = (*SHELVES, *STATES)
    asyncio.run(asyncio.wait_for(Follower(play.stage.broker, play.topics, store, shelves).catch_up(), EXPLAINED_WITHIN))
    known, contract = Known(store, "demo"), read(play.stage.options.folder / "contract.yaml")
    assert isinstance(contract, Agreed)
    rules = set()
    asked = play.every_record()
    assert len(asked) >= 30
    for name in asked:
        record = search(known, name)
        assert isinstance(record, str), (name, record)
        found = explain(known, record, contract)
        assert name in {shown.ref for shown in found.sides.values()}, (name, found.sides)
        assert found.fields, name
        for each in found.fields:
            assert each.owner.decides != "unknown", (name, each)
            assert each.owner.why, (name, each)
            assert each.owner.contract is not None, (name, each)
            assert each.owner.contract.line, (name, each)
        assert found.history or found.nothing_decided, name
        assert all(step.meaning for step in found.history), [step.rule for step in found.history]
        rules |= {step.rule for step in found.history}
        # What was won before the first reading is held for good; nothing else stands still after the story.
        assert {each.state for each in found.standing} <= {"held"}, (name, found.standing)
        assert search(known, found.record) == record
    assert {"owner", "create", "timing", "identity", "guard.credit_hold", "guard.lifecycle_gating"} <= rules
    canonical = set(known.all())
    assert canonical == {search(known, name) for name in asked}
    store.close()


def assert_a_replay_gives_the_same_tables(play: Performance) -> None:
    topics = play.stage.topics
    for name in [name for name in play.stage.processes if name != "sandbox"]:
        play.stage.processes.pop(name).stop()
    contract = play.contract
    versions, identity, _ = recount.replay_capture(contract, play.records(topics.changes))
    known = recount.compacted(play.records(topics.known))
    assert versions == recount.drawer(known, "v")
    assert identity == recount.drawer(known, "i")
    records, customers, result = recount.replay_arbitrate(contract, play.records(topics.facts))
    accounts = recount.compacted(play.records(topics.accounts))
    assert records == recount.drawer(accounts, "r")
    assert customers == recount.drawer(accounts, "c")
    documents, windows = recount.replay_reconcile(play.records(topics.documents))
    books = recount.compacted(play.records(topics.books))
    assert documents == recount.drawer(books, "d")
    assert windows == recount.drawer(books, "w")
    for rows in (known, accounts, books):  # what they have taken of which topic, as the broker names it
        assert {len(row["log"]) for row in recount.drawer(rows, "o").values()} == {36}
    published = recount.replay_publish(play.records(topics.occurrences))
    assert published == recount.compacted(play.records(topics.published))
    ledger = recount.compacted(play.records(topics.ledger))
    settled = {row["command"]["id"] for row in ledger.values() if row["state"] in SETTLED}
    assert recount.commands(result) == settled
    assert settled


def assert_a_start_from_nothing_writes_nothing(play: Performance) -> None:
    before = play.story.writes()
    play.forget_local_state()
    calls = len(play.finance.calls())
    for number in (1, 2):
        play.stage.worker(number)
    enough = "three rounds of polls"
    play.account.expect(enough, enough, lambda: enough if len(play.finance.calls()) > calls + 20 else "fewer")
    assert play.story.writes() == before
    assert_played(play)
    play.stage.spawn("gateway", "gateway")
    play.story.late_deal()
    assert_played(play)
