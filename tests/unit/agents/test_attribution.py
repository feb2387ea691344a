"""Attribution: parts are the whole to the minor unit, whatever is split among whom."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.attribution import NOBODY, Attribution, Kind, Posting, attribute, in_base, split
from schemas.contract.touches import Basis

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
    assert (total.name, total.documents, total.counted, total.deducted) == ("", 2, Decimal("40.00"), Decimal("2.50"))


def test_each_credit_takes_off_what_it_says():
    given = [posting("2.50", "a", kind="credit_note", nth=nth) for nth in (2, 3)]
    found = attribute([posting("10.00", "a"), *given], "posted", *OCTOBER)
    assert (found.basis, shares(found)) == ("posted", [("a", "5.00")])


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
    assert [Decimal(each) for each in parts] == split(Decimal(amount), [Decimal(1)] * 3, currency)


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        ("115.00", ["100", "50"], ["76.67", "38.33"]),
        ("0.02", ["1", "1", "2"], ["0.01", "0.00", "0.01"]),
        ("966.00", ["1200", "-360"], ["1380.00", "-414.00"]),
        ("10.00", ["0.1", "0.2"], ["3.33", "6.67"]),
    ],
    ids=["by amount", "whoever lacks most of a unit has it", "what a line takes off", "small weights"],
)
def test_unequal_parts_are_as_their_weights(amount: str, weights: list[str], parts: list[str]):
    assert [str(each) for each in split(Decimal(amount), [Decimal(each) for each in weights], "NZD")] == parts


def test_weights_follow_their_names_into_their_order():
    weighted = replace(posting("30.00", "b", "a"), weights=(Decimal(2), Decimal(1)))
    assert shares(attribute([weighted], "posted", *OCTOBER)) == [("b", "20.00"), ("a", "10.00")]
    with pytest.raises(ValueError, match="argument"):
        attribute([replace(weighted, names=("a",))], "posted", *OCTOBER)


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "base", "expected"),
    [
        ("75.00", "USD", "0.750000", "NZD", "100.00"),
        ("1.00", "USD", "3", "NZD", "0.33"),
        ("0.03", "USD", "2", "NZD", "0.02"),
        ("100", "JPY", "88.105000", "NZD", "1.14"),
        ("1.00", "NZD", "1", "KWD", "1.000"),
        ("5.00", "NZD", None, "NZD", "5.00"),
    ],
    ids=["as many of it as one of the base buys", "rounded", "half up", "from none to two digits", "to three", "base"],
)
def test_a_document_is_converted_at_its_own_rate(
    amount: str, currency: str, rate: str | None, base: str, expected: str
):
    one = replace(posting(amount), currency=currency, rate=Decimal(rate) if rate else None)
    found = in_base(one, base)
    assert found is not None
    assert (str(found.amount), found.currency, found.rate) == (expected, base, one.rate)


def test_without_a_rate_nothing_is_guessed():
    assert in_base(replace(posting("5.00"), currency="USD"), "NZD") is None
    assert in_base(replace(posting("5.00"), currency="USD", rate=Decimal(0)), "NZD") is None


@given(
    units=st.integers(0, 10**12),
    weights=st.lists(st.integers(-(10**6), 10**9).filter(bool), min_size=1, max_size=9).filter(
        lambda each: sum(each) > 0
    ),
    currency=st.sampled_from(sorted(DIGITS)),
)
def test_weighted_parts_are_the_whole_and_within_a_unit_of_exact(units: int, weights: list[int], currency: str):
    unit = Decimal(1).scaleb(-DIGITS[currency])
    amount = units * unit
    parts = split(amount, [Decimal(each) for each in weights], currency)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part) - Fraction(amount) * weight / sum(weights)) < Fraction(unit)


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
