"""Attribution: parts are the whole to the minor unit, whatever is split among whom."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.attribution import NOBODY, Attribution, Basis, Kind, Posting, attribute, split

OCTOBER = ("2026-10-01", "2026-10-31")
DIGITS = {"NZD": 2, "JPY": 0, "KWD": 3}


def posting(amount: str, *names: str, kind: Kind = "invoice", nth: int = 1, day: str = "2026-10-05") -> Posting:
    return Posting(f"{kind}:{nth}", kind, day, "NZD", Decimal(amount), names)


def shares(found: Attribution) -> list[tuple[str, str]]:
    return [(each.name, str(each.net)) for each in found.shares]


def test_invoices_less_credit_by_name_the_largest_first():
    found = attribute(
        [posting("10.00", "a"), posting("30.00", "b", nth=2), posting("2.50", "b", kind="credit_note")],
        "posted", *OCTOBER,
    )  # fmt: skip
    assert shares(found) == [("b", "27.50"), ("a", "10.00")]
    (total,) = found.totals
    assert (total.documents, total.counted, total.deducted) == (2, Decimal("40.00"), Decimal("2.50"))


@pytest.mark.parametrize(("basis", "net"), [("posted", "9.00"), ("cash", "6.00")])
def test_a_basis_counts_its_own_documents(basis: Basis, net: str):
    all_kinds: list[tuple[Kind, str]] = [
        ("invoice", "10.00"), ("credit_note", "1.00"), ("payment", "8.00"), ("refund", "2.00"),
    ]  # fmt: skip
    found = attribute([posting(amount, "a", kind=kind) for kind, amount in all_kinds], basis, *OCTOBER)
    assert shares(found) == [("a", net)]


@pytest.mark.parametrize(
    ("day", "counts"), [("2026-09-30", False), ("2026-10-01", True), ("2026-10-31", True), ("2026-11-01", False)]
)
def test_the_first_and_the_last_day_count(day: str, *, counts: bool):
    assert bool(attribute([posting("1.00", "a", day=day)], "posted", *OCTOBER).shares) is counts


def test_what_nobody_earned_counts_all_the_same():
    found = attribute([posting("5.00"), posting("1.00", "a", nth=2)], "posted", *OCTOBER)
    assert shares(found) == [(NOBODY, "5.00"), ("a", "1.00")]
    assert found.totals[0].net == Decimal("6.00")


@pytest.mark.parametrize(
    ("amount", "currency", "parts"),
    [
        ("10.00", "NZD", ["3.34", "3.33", "3.33"]),
        ("0.01", "NZD", ["0.01", "0.00", "0.00"]),
        ("100", "JPY", ["34", "33", "33"]),
        ("1.000", "KWD", ["0.334", "0.333", "0.333"]),
        ("0.005", "NZD", ["0.005", "0.00", "0.00"]),
    ],
)
def test_what_does_not_divide_goes_unit_by_unit(amount: str, currency: str, parts: list[str]):
    assert [Decimal(each) for each in parts] == split(Decimal(amount), 3, currency)


@given(
    postings=st.lists(
        st.builds(
            lambda nth, kind, currency, units, names, day: Posting(
                f"{kind}:{nth}", kind, f"2026-10-{day:02}", currency,
                Decimal(units).scaleb(-DIGITS[currency]), tuple(names),
            ),
            nth=st.integers(0, 10**9),
            kind=st.sampled_from(["invoice", "credit_note", "payment", "refund"]),
            currency=st.sampled_from(sorted(DIGITS)),
            units=st.integers(0, 10**12),
            names=st.sets(st.sampled_from("abcdefg"), max_size=7),
            day=st.integers(1, 31),
        ),
        max_size=30,
    ),
    basis=st.sampled_from(["posted", "cash"]),
)  # fmt: skip
def test_the_shares_come_to_the_documents_in_any_order(postings: list[Posting], basis: Basis):
    found = attribute(postings, basis, *OCTOBER)
    plus, minus = ("invoice", "credit_note") if basis == "posted" else ("payment", "refund")
    signs = {plus: 1, minus: -1}
    for total in found.totals:
        stated = sum(
            (signs.get(each.kind, 0) * each.amount for each in postings if each.currency == total.currency), Decimal(0)
        )
        assert (
            stated
            == total.net
            == sum((each.net for each in found.shares if each.currency == total.currency), Decimal(0))
        )
    assert attribute(postings[::-1], basis, *OCTOBER) == found
