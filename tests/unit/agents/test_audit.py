"""Each class of difference, by what a finance person would see in the books."""

from dataclasses import replace
from decimal import Decimal
from random import Random  # noqa: TID251 - only its type: Hypothesis draws

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.rules.audit import audit
from agents.rules.gathering import sums
from schemas.audit import Discrepancy, Paper
from schemas.contract import parse_contract
from schemas.instants import to_millis
from schemas.names import Side
from tests.support.contracts import shipped
from tests.unit.agents import papers
from tests.unit.agents.papers import AT, LONG_AGO, NIGHT, RULES, credit, found, invoice, mirror, one, paid, payment

NEXT = "2026-11-21"
D = Decimal


def with_settlements(*settlements: papers.Settlement, total: str = "100.00") -> Paper:
    return paid(replace(invoice("1", total), settlements=settlements))


def test_books_that_agree_show_nothing():
    books = [invoice("1"), invoice("2", "0.01"), invoice("3", status="voided"), invoice("4", status="draft")]
    assert audit([mirror(each) for each in books], books, RULES) == []


def test_an_invoice_that_the_crm_lacks_is_missing():
    discrepancy = one([], [invoice("1")])
    assert (discrepancy.kind, discrepancy.figure, discrepancy.difference) == ("missing", "document", D("-100.00"))
    assert discrepancy.crm is None
    assert discrepancy.erp is not None
    assert discrepancy.erp.number == "INV-1"
    assert discrepancy.mend.act == "read"
    assert "INV-1 is posted in Xero and is not in HubSpot" in discrepancy.says


def test_a_mirror_without_its_invoice_is_missing_in_the_erp_and_is_left_to_people():
    discrepancy = one([mirror(invoice("1"))], [])
    assert (discrepancy.kind, discrepancy.difference, discrepancy.mend.act) == ("missing", D("100.00"), "person")
    assert "finance" in discrepancy.mend.says


def test_a_draft_or_voided_invoice_is_lacked_by_nobody():
    assert found([], [invoice("1", status="draft"), invoice("2", status="voided")]) == []


def test_what_the_erp_changed_only_now_is_late():
    fresh = replace(invoice("1"), modified=to_millis(AT) - 60_000)
    assert found([], [fresh]) == [("late", "document", D("-100.00"))]
    stale = mirror(invoice("1", "90.00"))
    assert found([stale], [fresh])[0][0] == "late"
    edited_since = replace(stale, modified=to_millis(AT))
    assert found([edited_since], [fresh])[0][0] == "amount"
    assert one([], [fresh]).mend.act == "wait"
    assert "on its way, unless somebody deleted it there: look" in one([], [fresh]).mend.says
    assert "deleted" not in one([stale], [fresh]).mend.says


def test_a_difference_keeps_its_id_when_it_is_late_no_more():
    paper = invoice("1")
    fresh = replace(paper, modified=to_millis(AT) - 60_000)
    for there in ([], [mirror(invoice("1", "90.00"))]):
        late, still = one(there, [fresh]), one(there, [paper])
        assert (late.kind, still.kind) == ("late", "amount" if there else "missing")
        assert late.id == still.id


@pytest.mark.parametrize(
    ("currency", "total", "shown", "kind"),
    [
        ("NZD", "100.00", "100.02", "rounding"),
        ("NZD", "100.00", "99.97", "amount"),
        ("JPY", "100", "102", "rounding"),
        ("JPY", "100", "103", "amount"),
        ("KWD", "100.000", "100.002", "rounding"),
        ("KWD", "100.000", "100.010", "amount"),
    ],
)
def test_a_wrong_total_is_rounding_up_to_two_minor_units(currency: str, total: str, shown: str, kind: str):
    book = invoice("1", total, currency=currency)
    assert found([mirror(book, total=shown)], [book]) == [(kind, "total", D(shown) - D(total))]


def test_another_currency_is_no_wrong_amount():
    book = invoice("1")
    discrepancy = one([mirror(book, currency="AUD", total="90.00")], [book])
    assert (discrepancy.kind, discrepancy.currency) == ("currency", "NZD")
    assert "in NZD in Xero and in AUD in HubSpot" in discrepancy.says


def test_another_day_counts_for_the_night_that_lacks_it():
    book = invoice("1")
    assert found([mirror(book, day=NEXT)], [book]) == [("date", "date", D("-100.00"))]
    other = replace(RULES, night=NEXT)
    assert found([mirror(book, day=NEXT)], [book], other) == [("date", "date", D("100.00"))]


@pytest.mark.parametrize(("shown", "stated", "gap"), [("posted", "voided", "100.00"), ("voided", "posted", "-100.00")])
def test_void_on_one_side(shown: str, stated: str, gap: str):
    book = invoice("1", status=stated)
    assert found([mirror(book, status=shown)], [book]) == [("void", "status", D(gap))]


def test_a_second_record_of_one_invoice_is_a_duplicate():
    book = invoice("1")
    twice = [mirror(book, name="9"), mirror(book, name="0", key="")]
    discrepancy = one(twice, [book])
    assert (discrepancy.kind, discrepancy.difference) == ("duplicate", D("100.00"))
    assert discrepancy.crm is not None
    assert discrepancy.crm.ref == "hubspot/invoice/0", "the one without Xero's id"
    assert discrepancy.mend.act == "person"


def test_a_mirror_that_lost_its_id_is_known_by_its_number():
    book = invoice("1")
    assert found([mirror(book, key="")], [book]) == []
    assert found([mirror(book, key="", total="90.00")], [book]) == [("amount", "total", D("-10.00"))]


def test_an_invoice_entered_twice_is_told_by_customer_day_and_reference():
    book = invoice("1", reference="PO 7")
    again = replace(invoice("2", reference="PO 7"))
    discrepancy = one([mirror(book)], [book, again])
    assert (discrepancy.kind, [each.number for each in discrepancy.causes]) == ("duplicate", ["INV-1"])
    assert "void INV-2 in Xero" in discrepancy.mend.says
    unlike = replace(again, customer="xero/contact/2")
    assert found([mirror(book)], [book, unlike])[0][0] == "missing"
    nameless = [replace(each, reference="") for each in (book, again)]
    assert found([mirror(book)], nameless)[0][0] == "missing"


def test_two_equal_bills_of_ours_are_two_sales_and_never_one_entered_twice():
    first, second = (replace(invoice(each, reference="PO 7"), number=f"RM-{each}") for each in ("7", "7-2"))
    assert found([mirror(first)], [first, second])[0][0] == "missing"
    assert found([mirror(first)], [first, replace(second, number="INV-7")])[0][0] == "duplicate"


def test_a_payment_that_the_crm_lacks_is_named():
    book = with_settlements(payment("p", "40.00", "T 1"), payment("q", "10.00"))
    discrepancy = one([mirror(book, paid="10.00", due="90.00")], [book])
    assert (discrepancy.kind, discrepancy.figure, discrepancy.difference) == ("missing", "amount_paid", D("-40.00"))
    assert [each.ref for each in discrepancy.causes] == ["xero/payment/p"]
    assert found([mirror(book, paid="0", due="100.00")], [book]) == [("missing", "amount_paid", D("-50.00"))]


def test_a_payment_entered_twice_is_a_duplicate():
    book = with_settlements(payment("p", "40.00", "T 1"), payment("q", "40.00", "T 1"))
    discrepancy = one([mirror(book, paid="40.00", due="60.00")], [book])
    assert (discrepancy.kind, discrepancy.causes[0].ref) == ("duplicate", "xero/payment/q")
    assert discrepancy.mend.act == "person"
    two = with_settlements(payment("p", "40.00"), payment("q", "40.00"))
    assert found([mirror(two, paid="40.00", due="60.00")], [two])[0][0] == "missing"


def test_a_payment_that_was_taken_back_is_void_on_one_side():
    book = invoice("1")
    gone = Paper(
        side=Side.ERP, kind="payment", ref="xero/payment/p", key="p", number="T 1", day=NIGHT, currency="NZD",
        total=D("40.00"), counted=False, status="deleted", invoice="1",
    )  # fmt: skip
    discrepancy = one([mirror(book, paid="40.00", due="60.00")], [book, gone])
    assert (discrepancy.kind, discrepancy.causes[0].status) == ("void", "deleted")


def test_a_payment_counted_twice_by_the_crm_is_read_again():
    book = with_settlements(payment("p", "40.00"))
    discrepancy = one([mirror(book, paid="80.00", due="20.00")], [book])
    assert (discrepancy.kind, discrepancy.mend.act) == ("duplicate", "read")


def test_rounding_on_a_partial_credit_is_rounding():
    book = with_settlements(credit("c", "33.33"))
    assert found([mirror(book, credited="33.34", due="66.66")], [book]) == [("rounding", "amount_credited", D("0.01"))]
    assert found([mirror(book, credited="0", due="100.00")], [book]) == [("missing", "amount_credited", D("-33.33"))]


def test_a_balance_alone_may_be_wrong():
    book = invoice("1")
    assert found([mirror(book, due="50.00")], [book]) == [("amount", "amount_due", D("-50.00"))]


def test_what_the_contract_does_not_keep_in_the_crm_is_not_compared():
    book = invoice("1")
    narrow = replace(RULES, fields=RULES.fields - {"amount_due"})
    assert found([mirror(book, due="50.00")], [book], narrow) == []
    text = shipped().model_dump_json(exclude={"examples"})
    assert '"invoice":{"master":"erp","create":{"crm":"always"' in text
    never = parse_contract(
        text.replace('"master":"erp","create":{"crm":"always"', '"master":"erp","create":{"crm":"never"')
    )
    assert found([], [book], papers.rules(never, NIGHT, AT)) == []


def drawn(lots: Random) -> tuple[list[Paper], list[Paper]]:
    """Books in which everything may be wrong."""
    erp = [
        invoice(str(n), f"{lots.randrange(1, 9999)}.50", currency=lots.choice(("NZD", "AUD")),
                status=lots.choice(("posted", "paid", "voided")), day=lots.choice((NIGHT, NEXT)))
        for n in range(30)
    ]  # fmt: skip
    crm = []
    for each in erp:
        wrong = lots.choice(({}, {}, {"total": "7.00"}, {"day": NEXT}, {"currency": "USD"}, {"status": "voided"}))
        crm += [mirror(each, **wrong)] * (lots.random() < 0.9)
    crm.append(mirror(invoice("99")))
    return crm, erp


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_lists_changes_nothing_and_what_sums_differ_by_is_named(lots: Random):
    crm, erp = drawn(lots)
    first = audit(crm, erp, RULES)
    assert audit(lots.sample(crm, len(crm)), lots.sample(erp, len(erp)), RULES) == first
    apart = {each.currency: (each.crm, each.erp) for each in sums(crm, erp, NIGHT)}
    for currency, (shown, stated) in apart.items():
        gap = (shown.total if shown else D(0)) - (stated.total if stated else D(0))
        assert gap == sum((named(each, currency) for each in {_pair(each): each for each in first}.values()), D(0))


def _pair(each: Discrepancy) -> tuple[str, str]:
    return each.crm.ref if each.crm else "", each.erp.ref if each.erp else ""


def named(each: Discrepancy, currency: str) -> Decimal:
    """What the documents of a difference bring to the sums of the night."""
    total = D(0)
    for shown, sign in ((each.crm, 1), (each.erp, -1)):
        counts = shown is not None and shown.status in {"posted", "paid"} and shown.day == NIGHT
        if shown is not None and shown.amount is not None and counts and shown.currency == currency:
            total += sign * shown.amount
    return total


def swapped(paper: Paper) -> Paper:
    return replace(paper, side=paper.side.other)


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_seen_from_the_other_side_settled_differences_are_the_same_with_the_other_sign(lots: Random):
    crm, erp = drawn(lots)
    pairs = {each.key for each in crm} & {each.key for each in erp}
    left, right = ([each for each in some if each.key in pairs] for some in (crm, erp))
    here = {(each.kind, each.figure, _key(each), each.difference) for each in audit(left, right, RULES)}
    there = {
        (each.kind, each.figure, _key(each), -each.difference)
        for each in audit([swapped(each) for each in right], [swapped(each) for each in left], RULES)
    }
    assert {each[:3] for each in here} == {each[:3] for each in there}
    assert {each for each in here if each[0] != "currency"} == {each for each in there if each[0] != "currency"}
    assert all(each.modified == LONG_AGO for each in (*left, *right))


def _key(each: Discrepancy) -> str:
    shown = each.erp or each.crm
    assert shown is not None
    return shown.number
