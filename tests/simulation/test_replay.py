"""Ranges of topics judged once more, in a world at rest: what is foreseen is what comes, and nothing comes twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from agents.rehearing import Rehearing, Selection, Standing, rehear, select
from console.recorded import note_row
from schemas.choice import Choice
from schemas.command import Approval, parse_work
from schemas.contract import Contract
from schemas.fact import parse_finding
from schemas.ledger import SETTLED, LedgerEntry
from schemas.names import Entity, Side
from schemas.verdict import Verdict
from streams.topics import Topic, Topics
from tests.simulation.planned import Theatre, theatre
from tests.simulation.test_contract_diff import NET, hold_tui, phone, rename_tui, win
from tests.simulation.test_plan import BEGINNING
from tests.support.contracts import contract, shipped

WORKED = [each.name for each in Topics() if each.worked]


def topic(stage: Theatre, name: str) -> Topic:
    return next(each for each in stage.world.topics if each.name == name)


def values(stage: Theatre, name: str) -> list[bytes | None]:
    return [record.value for record in stage.world.all(topic(stage, name))]


def standing(stage: Theatre) -> Standing:
    """The world as its topics tell it."""
    found, names = stage.world.recorded(), stage.world.topics
    books: dict[str, Any] = {}
    published: dict[str, Any] = {}
    for table, rows in ((names.books, books), (names.published, published)):
        for record in stage.world.all(table):
            note_row(rows, record.key, record.value)
    entries = [LedgerEntry.from_bytes(value) for value in values(stage, "ledger") if value]
    return Standing(
        known=found.known, accounts=found.accounts, books=books, published=published, changes=found.changes,
        facts=found.facts, decided={Verdict.from_bytes(value).id for value in values(stage, "decisions")},
        settled={entry.command.id for entry in entries if entry.state in SETTLED},
    )  # fmt: skip


def judged(stage: Theatre, name: str, under: Contract) -> tuple[Selection, Rehearing]:
    """The whole of a topic, once more."""
    stands = standing(stage)
    chosen = select(name, values(stage, name), stands.accounts)
    return chosen, rehear(under, name, chosen, stands)


@pytest.fixture(scope="module")
def sold() -> Iterator[Theatre]:
    """A company is renamed, its phone is edited, an order of it is billed; then all is at rest."""
    with theatre() as stage:
        stage.run(stage.world.sync())
        for doing in (rename_tui, phone, win):
            doing(stage)
            stage.pass_by(10)
            stage.run(stage.world.sync())
        yield stage


@pytest.mark.parametrize("name", WORKED)
def test_what_is_at_rest_stays_at_rest(sold: Theatre, name: str):
    chosen, found = judged(sold, name, shipped())
    assert chosen.going
    assert found.equal, (found.counts, found.contrast.verdicts, found.contrast.writes)


def test_a_change_is_judged_anew_and_what_is_overtaken_is_not(sold: Theatre):
    chosen, found = judged(sold, "changes", shipped())
    assert found.counts["facts"] > 10
    assert found.counts["stale"] > 0
    assert not chosen.staying
    _, facts = judged(sold, "facts", shipped())
    assert facts.equal
    assert select("facts", values(sold, "facts"), standing(sold).accounts).staying["overtaken"] > 0


def test_handed_over_for_real_nothing_is_written_or_published_again():
    with theatre() as stage:
        stage.run(stage.world.sync())
        win(stage)
        stage.pass_by(10)
        stage.run(stage.world.sync())
        stage.world.broker._limit *= 3  # noqa: SLF001 - everything comes twice
        before = stage.world.written(BEGINNING), stage.world.totals(), len(values(stage, "revenue"))
        for name in WORKED:
            where = topic(stage, name)
            accounts = standing(stage).accounts
            for place in list(stage.world.broker.records):
                if place[0] != stage.world.topics.name(where):
                    continue
                records = list(stage.world.broker.records[place])
                going = select(name, [record.value for record in records], accounts).going
                loads = [(records[number].key, value, ()) for number, value in going]
                stage.run(stage.world.broker.deliver([(*place, loads)]))
            stage.run(stage.world.sync())
        assert (stage.world.written(BEGINNING), stage.world.totals(), len(values(stage, "revenue"))) == before


def test_another_contract_shows_what_would_be_written_and_what_it_is_worth():
    with theatre() as stage:
        stage.run(stage.world.sync())
        for doing in (hold_tui, win):
            doing(stage)
            stage.pass_by(10)
            stage.run(stage.world.sync())
        assert judged(stage, "changes", shipped())[1].equal
        _, found = judged(stage, "changes", contract({"guards": {"credit_hold": False}}))
    assert not found.equal
    assert "create xero invoice" in {each.name for each in found.contrast.writes}
    assert [(each.currency, each.new, each.new_invoices) for each in found.contrast.asked] == [("NZD", NET, 1)]


def test_what_a_person_said_is_not_said_again():
    said = {
        "facts": Choice(
            id="company:1", tenant="main", customer="company:1", review="v", answer="a", entity=Entity.COMPANY,
            field="name", side=Side.CRM, who="kim", why="so", at=BEGINNING,
        ),
        "lanes.xero": Approval(
            tenant="main", connection="main.xero", contract="d", plan="p", who="kim", at=BEGINNING
        ),
    }  # fmt: skip
    for name, word in said.items():
        assert (parse_finding if name == "facts" else parse_work)(word.to_bytes()) == word
        chosen = select(name, [word.to_bytes(), b"{", None], {})
        assert not chosen.going
        assert sum(chosen.staying.values()) == 3
        assert chosen.staying["unreadable"] == 2
