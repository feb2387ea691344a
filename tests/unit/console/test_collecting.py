"""A month's money: a night keeps all that Xero lists of it, and the stream's is held against that."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from agents.rules.gathering import sums
from console.audited.night import told
from console.collecting import collected
from console.earning import postings
from console.projection.delivery import Delivery
from console.projection.store import Store
from schemas.audit import Audit
from schemas.contract import template
from schemas.night import Night
from tests.support.books import NIGHT, office
from tests.support.books import Night as Evening
from tests.support.contracts import shipped
from tests.support.earned import LIVE, REFUNDS
from tests.support.earned import money as all_money
from tests.unit.console.records import delivery
from tests.unit.console.test_attribution import book

Run = Callable[..., Result]


async def entered(night: Evening) -> None:
    """Payments in two currencies, one that bounced, one of another day; money in advance, and refunds of two kinds."""
    act, bank = night.rig.act, {"Account": {"Code": "090"}, "Date": NIGHT}
    customer = await night.customer("Harakeke")
    invoice, dollars = await night.sell(customer, "100.00"), await night.sell(customer, "50.00", "USD")
    await night.pay(invoice, "30.10")
    await night.pay(dollars, "20.00")
    await night.pay(invoice, "7.00", Date="2026-11-19")
    bounced = await night.pay(invoice, "9.00")
    await act("POST", "Payments", {"PaymentID": bounced, "Status": "DELETED"})
    line = {"Description": "Ahead", "Quantity": "1", "UnitAmount": "40.00", "TaxType": "NONE", "AccountCode": "200"}
    ahead = await act("PUT", "BankTransactions", {
        "Type": "RECEIVE-OVERPAYMENT", "Contact": {"ContactID": customer}, "Date": NIGHT, "LineItems": [line],
        "BankAccount": {"Code": "090"},
    })  # fmt: skip
    await act("PUT", "Payments", {"Overpayment": {"OverpaymentID": ahead["OverpaymentID"]}, "Amount": "4.05", **bank})
    note = await act("PUT", "CreditNotes", {
        "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": customer}, "Date": NIGHT,
        "LineItems": [line],
    })  # fmt: skip
    await act("PUT", "Payments", {"CreditNote": {"CreditNoteID": note["CreditNoteID"]}, "Amount": "1.01", **bank})


async def test_a_night_keeps_the_money_that_the_erp_lists_less_what_went_back(tmp_path: Path):
    async with office(tmp_path) as night:
        await entered(night)
        crm, erp, outcome = await night.read()
        made = Audit(
            tenant="main", night=NIGHT, at=night.rig.clock.now(), contract="c", tallies=sums(crm, erp, NIGHT),
            gaps=outcome.gaps,
        )  # fmt: skip
        held = defaultdict[str, Decimal](Decimal)
        shelves, of = night.rig.organisation.shelves, dict[str, str]()
        for name in ("Invoice", "CreditNote", "Overpayment"):
            of |= {row[f"{name}ID"]: row["CurrencyCode"] for row in shelves[f"{name}s"]}
        for row in all_money(lambda name: shelves[name]):
            if row["Status"] in LIVE and f"{row['Date']}"[:10] == NIGHT:
                sign = -1 if row.get("PaymentType") in REFUNDS else 1
                held[of[row.get("_target", row["PaymentID"])]] += sign * row["Amount"]
    assert told(NIGHT, made, "main", shipped()).cash == held == {"NZD": Decimal("65.04"), "USD": Decimal("20.00")}
    unread = made.model_copy(update={"gaps": ["Xero's payments and refunds could not be read"]})
    assert told(NIGHT, unread, "main", shipped()).cash is None
    assert told(NIGHT, "nothing could be compared", "main", shipped()).cash is None


PLACES = count()  # of nights on their topic


def counted(day: str, cash: dict[str, str] | None, *, whole: bool = True) -> Delivery:
    """A night as it was read at the ERP."""
    at = datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(days=1)
    sums = None if cash is None else {currency: Decimal(amount) for currency, amount in cash.items()}
    night = Night(tenant="main", night=day, at=at, contract="c", says="read", whole=whole, cash=sums)
    return delivery("nights", next(PLACES), night, f"main|{day}")


def november(store: Store, **nights: dict[str, str] | None) -> None:
    """Each day of the month counted; money came on the 20th alone, if nothing else is said (`d20`)."""
    said = {20: {"EUR": "55.00"}} | {int(name[1:]): cash for name, cash in nights.items()}
    store.apply([counted(f"2026-11-{day:02}", said.get(day, {})) for day in range(1, 31)])


def money(store: Store, now: str = "2026-12-02") -> list[Any]:
    at = datetime.fromisoformat(f"{now}T12:00:00+00:00")
    found = postings(store, shipped(), "customer")
    return list(collected(store, found, "2026-11-01", "2026-11-30", now=at, timezone="Europe/Berlin", base="NZD"))


def test_the_money_of_a_month_is_proven_against_what_the_erp_listed_night_by_night(store: Store):
    store.apply(book())
    november(store)
    (proof,) = money(store)
    assert (proof.state, proof.counted, proof.stated) == ("agreed", Decimal("55.00"), Decimal("55.00"))
    assert "55.00 EUR collected: what the ERP listed when its nights were read, the first of them on" in proof.says()
    assert "2026-11-02 00:00 UTC, to the minor unit" in proof.says()


def test_two_nights_of_money_that_make_up_for_each_other_are_told_apart(store: Store):
    store.apply(book())
    november(store, d20={"EUR": "50.00"}, d21={"EUR": "5.00"})
    (proof,) = money(store)
    assert (proof.state, proof.counted, proof.stated) == ("differs", Decimal("55.00"), Decimal("55.00"))
    assert "they differ on 2026-11-20, 2026-11-21." in proof.says()


def test_money_that_the_stream_has_none_of_is_told_by_its_currency(store: Store):
    store.apply(book())
    november(store, d3={"USD": "1.00"})
    assert [(each.currency, each.state, each.days) for each in money(store)] == [
        ("EUR", "agreed", ()), ("USD", "differs", ("2026-11-03",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "last",
    [counted("2026-11-20", {"EUR": "55.00"}, whole=False), counted("2026-11-20", None)],
    ids=["read before it was over", "read by an older release"],
)
def test_a_day_that_nobody_has_counted_at_the_erp_is_not_proven(store: Store, last: Delivery):
    store.apply(book())
    november(store)
    store.apply([replace(last, offset=next(PLACES))])
    (proof,) = money(store)
    assert (proof.state, proof.unread, proof.document()["holds"]) == ("unread", ("2026-11-20",), False)
    assert "it is not proven: nobody has counted 2026-11-20 at the ERP" in proof.says()


def test_a_month_without_money_is_proven_as_well_and_a_day_that_is_not_over_only_where_it_has_some(store: Store):
    november(store, d20={})
    assert [(each.currency, each.state) for each in money(store)] == [("NZD", "agreed")]
    store.apply([*book(), counted("2026-11-20", None), counted("2026-11-21", None)])
    (proof,) = money(store, now="2026-11-20")
    assert proof.unread == ("2026-11-20",)
    assert money(store, now="2026-10-20")[0].unread == ("2026-11-20",)


def test_of_cash_the_report_says_whether_it_is_proven_and_a_difference_asks_for_a_person(
    store: Store, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "contract.yaml").write_text(template(), encoding="utf-8")
    monkeypatch.setenv("REVMARK_CONTRACT", str(tmp_path / "contract.yaml"))
    store.apply(book())
    asked = ("attribution", "--month", "2026-11", "--offline", "--basis", "cash")
    (proof,) = json.loads(run(*asked, "--json").stdout)["proof"]
    assert (proof["of"], proof["collected"], proof["holds"]) == ("money", "55.00", False)
    november(store, d20={"EUR": "54.00"})
    said = run(*asked)
    assert (said.exit_code, "the ERP listed 54.00" in said.stdout) == (1, True)
    assert "Next: revmark reconcile --night DAY" in " ".join(said.stderr.split())
