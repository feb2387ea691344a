"""A day read from both platforms: all of it, once, and what belongs to it from other days."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from agents.rules.audit import audit
from agents.rules.gathering import sums
from sandbox.faults import FaultKind
from schemas.errors import Transient
from schemas.names import Side
from streams.daybook.spool import Spool
from streams.platforms.xero.kinds import INVOICE
from tests.support.books import NIGHT, office
from tests.unit.agents.papers import RULES, credit, invoice, mirror, paid, payment

DAY_BEFORE = "2026-11-19"


async def test_a_day_is_read_whole_and_with_what_it_touches(tmp_path: Path):
    async with office(tmp_path, page_size=2) as night:
        customer = await night.customer("Acme")
        first, *rest = [await night.sell(customer, f"{n}.10") for n in range(10, 15)]
        old = await night.sell(customer, "70.00", Date=DAY_BEFORE)
        untouched = await night.sell(customer, "80.00", Date=DAY_BEFORE)
        await night.pay(old, "20.00", Reference="T 1")
        await night.credit(customer, first, "5.05")
        for each in (first, *rest, old, untouched):
            await night.mirrored(each)
        night.later()
        crm, erp, outcome = await night.read(part=3)
        assert (outcome.gaps, outcome.notes) == ([], [])
        keys = {each.key for each in erp if each.kind == "invoice"}
        assert keys == {first, *rest, old} == {each.key for each in crm}
        assert sorted(each.kind for each in erp if each.kind != "invoice") == ["credit_note", "payment"]
        billed, credited, received = sums(crm, erp, NIGHT)
        assert billed.crm == billed.erp
        assert billed.erp is not None
        assert (billed.erp.count, billed.erp.total) == (5, Decimal("60.50"))
        assert [each.erp.total for each in (credited, received) if each.erp] == [Decimal("5.05"), Decimal("20.00")]
        assert audit(crm, erp, RULES) == []


async def test_what_one_side_has_on_another_day_is_looked_for_by_its_id(tmp_path: Path):
    async with office(tmp_path) as night:
        customer = await night.customer("Acme")
        here, there, lost = [await night.sell(customer, "10.00") for _ in range(3)]
        elsewhere = await night.sell(customer, "30.00", Date=DAY_BEFORE)
        await night.mirrored(here)
        await night.mirrored(there, hs_invoice_date=DAY_BEFORE)
        await night.mirrored(elsewhere, hs_invoice_date=NIGHT)
        nameless = await night.sell(customer, "40.00", Date=DAY_BEFORE)
        await night.mirrored(nameless, hs_invoice_date=NIGHT, xero_invoice_id="")
        await night.world.made("invoices", hs_invoice_date=NIGHT, hs_currency="NZD")
        night.later()
        crm, erp, outcome = await night.read()
        assert outcome.notes == ["1 invoices of HubSpot's own are no record of Xero's: not compared"]
        found = {(each.kind, (each.erp or each.crm).ref.rpartition("/")[2]) for each in audit(crm, erp, RULES)}  # type: ignore[union-attr]
        assert found == {("missing", lost), *(("date", each) for each in (there, elsewhere, nameless))}


async def test_a_day_that_people_move_documents_out_of_is_read_again(tmp_path: Path):
    async with office(tmp_path, page_size=2) as night:
        customer = await night.customer("Acme")
        ids = sorted([await night.sell(customer, f"{n}.00") for n in range(10, 16)])
        pages = night.books.of_day(INVOICE, NIGHT)
        first = [each.key for each in await anext(pages)]
        await night.rig.act("POST", f"Invoices/{first[0]}", {"Date": DAY_BEFORE})
        rest = {each.key async for some in pages for each in some}
        assert rest == set(ids) - {first[0]}


async def test_many_pages_of_mirrors_go_by_id(tmp_path: Path):
    async with office(tmp_path) as night:
        for n in range(401):
            await night.world.made(
                "invoices", hs_invoice_date=NIGHT, hs_currency="NZD", revmark_total="1.00", xero_invoice_id=f"key-{n}",
                revmark_invoice_status="posted",
            )  # fmt: skip
        night.later()
        found = [each async for some in night.portal.of_day(NIGHT) for each in some]
        assert len({each.ref for each in found}) == len(found) == 401
        assert night.portal.calls == 3
        assert [each async for some in night.portal.of_day(DAY_BEFORE) for each in some] == []


async def test_waits_are_kept_and_what_is_not_answered_is_asked_again(tmp_path: Path):
    async with office(tmp_path) as night:
        customer = await night.customer("Acme")
        await night.mirrored(await night.sell(customer, "10.00"))
        night.later()
        night.rig.strike(FaultKind.STATUS, status=429, headers={"Retry-After": "20"})
        night.rig.strike(FaultKind.STATUS, 2, status=503)
        crm, erp, outcome = await night.read()
        assert (len(crm), len(erp), outcome.gaps) == (1, 1, [])


async def test_where_payments_cannot_be_read_it_says_so_and_compares_invoices(tmp_path: Path):
    async with office(tmp_path) as night:
        customer = await night.customer("Acme")
        await night.mirrored(await night.sell(customer, "10.00"))
        night.later()
        night.rig.strike(FaultKind.STATUS, None, "/Payments", status=503)
        crm, erp, outcome = await night.read()
        assert (len(crm), len(erp)) == (1, 1)
        (gap,) = outcome.gaps
        assert gap.startswith("Xero's payments and refunds could not be read")
        night.rig.strike(FaultKind.STATUS, None, "/Invoices", status=503)
        with pytest.raises(Transient):
            await night.read()


async def test_what_cannot_be_read_is_named_and_its_counterpart_is_not_called_missing(tmp_path: Path):
    async with office(tmp_path) as night:
        customer = await night.customer("Acme")
        good, bad, odd = [await night.sell(customer, "10.00") for _ in range(3)]
        ids = {each: await night.mirrored(each) for each in (good, bad, odd)}
        reply = await night.rig.people.post(f"/_sandbox/tamper/Invoices/{bad}", json={"Status": "PENDING"})
        assert reply.is_success
        reply = await night.world.browser.post(
            f"/_sandbox/tamper/invoices/{ids[odd]}", json={"properties": {"revmark_total": "ten"}}
        )
        assert reply.is_success
        night.later()
        crm, erp, outcome = await night.read()
        assert {each.key for each in (*crm, *erp)} == {good}
        assert audit(crm, erp, RULES) == []
        assert len(outcome.gaps) == 2
        assert any("Status" in each for each in outcome.gaps)
        assert any("revmark_total" in each for each in outcome.gaps)


def test_parts_hold_together_what_belongs_together_and_find_the_same(tmp_path: Path):
    books = [
        replace(invoice("1", reference="PO 7")), replace(invoice("2", reference="PO 7")), invoice("3"), invoice("5"),
        paid(replace(invoice("4"), settlements=(payment("p", "40.00", "T"), credit("c", "10.00")))),
        *(invoice(str(n)) for n in range(10, 30)),
    ]  # fmt: skip
    gone = replace(invoice("6"), kind="payment", invoice="5", counted=False, total=Decimal("40.00"))
    mirrors = [
        mirror(books[1]), mirror(books[2]), mirror(books[2], name="x", key=""), mirror(books[3], paid="40.00"),
        mirror(books[4], paid="0"), *(mirror(each) for each in books[6:]), mirror(invoice("99")),
    ]  # fmt: skip
    whole = audit(mirrors, [*books, gone], RULES)
    assert sorted(each.kind for each in whole) == ["duplicate", "duplicate", "missing", "missing", "missing", "void"]
    spool = Spool(tmp_path)
    spool.put([*mirrors, *books, gone])
    spool.put(books)
    assert (spool.count(Side.CRM), spool.count(Side.ERP)) == (len(mirrors), len(books) + 1)
    parts = list(spool.parts(1))
    assert len(parts) > 20
    assert max(len(crm) + len(erp) for crm, erp in parts) == 3, "no more in memory than what belongs together"
    found = [each for crm, erp in parts for each in audit(crm, erp, RULES)]
    assert sorted(found, key=lambda each: each.id) == sorted(whole, key=lambda each: each.id)
    spool.close()
    assert list(tmp_path.iterdir()) == []
