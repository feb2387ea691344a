"""What may be signed, and what a signature is held against."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from agents.rules.audit import audit
from agents.rules.gathering import sums
from agents.rules.signing import alarms, since, stirred, unsealed
from console.audited import page, words
from console.signing import signature
from schemas.audit import Audit, Paper, Signature, Sum, Tally
from schemas.errors import Refused
from schemas.instants import to_millis
from schemas.names import Side
from tests.unit.agents.papers import AT, NIGHT, RULES, invoice, mirror, replace
from tests.unit.console.records import total

BOOK = invoice("1")
NO_SEALS = {"crm_seal": "", "erp_seal": ""}


def made(**more: Any) -> Audit:
    parts: dict[str, Any] = {
        "tenant": "main", "night": NIGHT, "at": AT, "contract": "c", "tallies": sums([mirror(BOOK)], [BOOK], NIGHT),
    }  # fmt: skip
    return Audit(**(parts | more))


def test_a_night_that_agrees_is_signed_without_a_word():
    word = signature(made(), " Kim ", "", over=True)
    assert (word.who, word.night, word.variances, word.tallies) == ("Kim", NIGHT, [], made().tallies)
    assert Signature.from_bytes(word.to_bytes()) == word


VARIANCES = audit([], [BOOK], RULES)


@pytest.mark.parametrize(
    ("audit_", "who", "over", "said"),
    [
        (made(), "  ", True, "needs a name"),
        (made(), "Kim", False, "is not over"),
        (made(gaps=["payments"]), "Kim", True, "not all could be read"),
        (made(discrepancies=VARIANCES), "Kim", True, "has 1 variances: to sign it all the same say why"),
        (made(signed=signature(made(), "Kim", "", over=True)), "Lee", True, "was signed by Kim"),
        (
            made(signed=signature(made(), "Kim", "", over=True), alarms=["x"]), "Lee", True,
            "has changed since it was signed",
        ),
    ],
)  # fmt: skip
def test_what_is_not_signed_says_why(audit_: Audit, who: str, over: bool, said: str):  # noqa: FBT001 - a case
    with pytest.raises(Refused, match=said):
        signature(audit_, who, "", over=over)


def test_who_signs_with_variances_or_again_says_why_and_earlier_names_stay():
    first = signature(made(discrepancies=VARIANCES), "Kim", "Lee posts it on Monday", over=True)
    assert first.variances == [VARIANCES[0].id]
    second = signature(made(signed=first), "Lee", "it was posted", over=True)
    third = signature(made(signed=second), "Mo", "the auditors asked", over=True)
    assert [each.partition(",")[0] for each in third.earlier] == ["Kim", "Lee"]


def test_a_total_that_moves_comes_or_goes_is_an_alarm_and_one_that_stands_is_none():
    signed = signature(made(), "Kim", "", over=True)
    assert alarms(signed, made().tallies) == []
    moved = replace(BOOK, total=Decimal("120.00"))
    assert alarms(signed, sums([mirror(BOOK)], [moved], NIGHT)) == [
        "NZD invoices in Xero: signed 1 of 100.00, now 1 of 120.00"
    ]
    assert len(alarms(signed, [])) == 2
    came = Tally(currency="EUR", kind="payment", erp=Sum(count=1, total=Decimal(5)))
    assert alarms(signed, [*made().tallies, came]) == ["EUR payments in Xero: signed 0 of 0, now 1 of 5"]
    heard = [each.model_copy(update={"stream_erp": Sum()}) for each in made().tallies]
    assert alarms(signed, heard) == [], "what the stream has not heard is no change of the books"


TWO_OF_IT = [replace(BOOK, key="2", ref="xero/invoice/2"), invoice("3", "50.00")]


@pytest.mark.parametrize(
    "now",
    [
        [replace(TWO_OF_IT[0], total=Decimal("90.00")), replace(TWO_OF_IT[1], total=Decimal("60.00"))],
        [replace(TWO_OF_IT[0], customer="xero/contact/2"), TWO_OF_IT[1]],
        [replace(TWO_OF_IT[0], key="4", ref="xero/invoice/4"), TWO_OF_IT[1]],
        [replace(TWO_OF_IT[0], status="voided", counted=False), TWO_OF_IT[1], invoice("4")],
        [replace(TWO_OF_IT[0], day="2026-11-19"), TWO_OF_IT[1], invoice("4")],
    ],
    ids=["amounts", "customer", "another document", "voided and entered anew", "another day"],
)
def test_a_total_that_stands_over_other_documents_is_an_alarm(now: list[Paper]):
    signed = signature(made(tallies=sums([], TWO_OF_IT, NIGHT)), "Kim", "", over=True)
    assert alarms(signed, sums([], TWO_OF_IT[::-1], NIGHT)) == []
    (said,) = alarms(signed, sums([], now, NIGHT))
    assert said == "NZD invoices in Xero: signed 2 of 150.00, now the same of other documents, amounts or customers"
    older = signed.model_copy(update={"tallies": [each.model_copy(update=NO_SEALS) for each in signed.tallies]})
    assert (unsealed(signed), unsealed(older), alarms(older, sums([], now, NIGHT))) == (False, True, [])


def test_what_comes_of_a_signed_night_in_time_is_no_alarm():
    night = sums([mirror(BOOK)], [BOOK], NIGHT)
    signed = signature(made(tallies=night), "Kim", "", over=True)
    settled = replace(BOOK, status="paid", paid=Decimal(100), due=Decimal(0), modified=to_millis(AT))
    anew = mirror(settled, name="made-anew")
    assert alarms(signed, sums([anew], [replace(settled, total=Decimal("100.0"))], NIGHT)) == []


def test_a_signature_of_before_there_were_seals_is_read_and_held_against_its_totals():
    word = signature(made(), "Kim", "", over=True)
    kept = json.loads(word.to_bytes())
    for each in kept["tallies"]:
        del each["crm_seal"], each["erp_seal"]
    older = Signature.from_bytes(json.dumps(kept).encode())
    assert (unsealed(older), alarms(older, word.tallies)) == (True, [])


def test_the_documents_that_changed_since_are_named():
    signed = signature(made(), "Kim", "", over=True)
    later = to_millis(signed.at + timedelta(hours=1))
    papers = [BOOK, replace(invoice("2"), modified=later), replace(invoice("3"), modified=later, day="2026-11-19")]
    assert [each.number for each in since(signed, papers, NIGHT)] == ["INV-2"]


ONE, TWO, NONE = (Sum(count=n, total=Decimal(n * 100)) for n in (1, 2, 0))


@pytest.mark.parametrize(
    ("stream", "now", "changed"),
    [
        ((ONE, ONE), (ONE, ONE), []),
        ((NONE, ONE), (ONE, ONE), []),  # it was behind, and has caught up with what was signed
        ((ONE, ONE), (ONE, TWO), ["Xero"]),
        ((ONE, ONE), (NONE, NONE), ["HubSpot", "Xero"]),
        ((None, ONE), (ONE, ONE), []),  # the CRM keeps no invoices
    ],
    ids=["as signed", "caught up", "one more", "gone", "one side"],
)
def test_a_signed_night_is_watched_by_the_streams_totals(
    stream: tuple[Sum | None, Sum], now: tuple[Sum, Sum], changed: list[str]
):
    tally = Tally(currency="EUR", kind="invoice", crm=ONE, erp=ONE, stream_crm=stream[0], stream_erp=stream[1])
    word = signature(made(tallies=[tally]), "Kim", "", over=True)
    windows = [
        total(side, str(each.total), day=NIGHT, invoices=each.count) for side, each in zip(Side, now, strict=True)
    ]
    found = [each.says for each in stirred([word], [*windows, total(Side.ERP, "7.00", day="2026-11-19")], {})]
    assert [
        name for name in ("HubSpot", "Xero") if any(f"in {name}: signed 1 of 100" in each for each in found)
    ] == changed
    for each in found:
        assert each.startswith(f"{NIGHT}, signed by Kim: EUR invoices in ")
        assert each.endswith(f". Next: revmark reconcile --night {NIGHT}")


def test_a_currency_that_came_behind_a_signature_is_told():
    word = signature(made(tallies=[]), "Kim", "", over=True)
    (found,) = stirred([word], [total(Side.ERP, "5.00", day=NIGHT, currency="JPY")], {})
    assert found.what == ("JPY invoices in Xero: signed 0 of 0, the stream now counts 1 of 5.00",)


def paid(count: int, kind: str = "payment") -> Tally:
    each = Sum(count=count, total=Decimal(count * 50))
    return Tally.model_validate({"currency": "EUR", "kind": kind, "stream_erp": each})


@pytest.mark.parametrize(
    ("heard", "now", "changed"),
    [
        ([paid(1)], [paid(1)], ""),
        ([paid(1)], [paid(2)], ""),  # it was behind, and has caught up with what was signed
        ([paid(1)], [paid(3)], "EUR payments in Xero: signed 2 of 100, the stream now counts 3 of 150"),
        ([paid(1)], [], "EUR payments in Xero: signed 2 of 100, the stream now counts 0 of 0"),
        ([paid(2)], [paid(2), paid(1, "refund")], "EUR refunds in Xero: signed 0 of 0, the stream now counts 1 of 50"),
        ([paid(1, "credit_note"), paid(2)], [paid(2)], "EUR credit notes in Xero: signed 1 of 50, the stream now"),
        (None, [paid(9)], ""),  # signed before this was asked for
        ([paid(1)], None, ""),  # the rows are older than the signature
    ],
    ids=["as heard", "caught up", "one more", "gone", "a refund", "a credit note gone", "not asked", "not known"],
)
def test_what_is_the_erps_alone_is_watched_by_what_the_stream_had_of_it(
    heard: list[Tally] | None, now: list[Tally] | None, changed: str
):
    shown = Tally(currency="EUR", kind="payment", erp=Sum(count=2, total=Decimal(100)))
    noted = Tally(currency="EUR", kind="credit_note", erp=Sum(count=1, total=Decimal(50)))
    tallies = [shown, noted] if heard and paid(1, "credit_note") in heard else [shown]
    word = signature(made(tallies=tallies), "Kim", "", over=True, heard=heard)
    found = stirred([word], [], {} if now is None else {NIGHT: now})
    said = "".join("; ".join(each.what) for each in found)
    assert (bool(found), said.startswith(changed)) == (bool(changed), True)


def test_another_night_that_changed_is_an_alarm_of_tonights_report():
    night = made(stirred=["2026-11-01, signed by Kim: ..."])
    assert (night.needs_person, night.agreed) == (True, False)
    assert words.verdict(night).startswith("ALARM: 1 other signed night has changed since. Night of ")
    assert "2026-11-01, signed by Kim" in page.page(night)


def test_an_alarm_is_the_first_word_of_every_report():
    signed = signature(made(), "Kim", "", over=True)
    loud = made(signed=signed, alarms=["NZD invoices in Xero: signed 1 of 100.00, now 2 of 200.00"])
    assert not loud.agreed
    said = words.verdict(loud)
    assert said.startswith("ALARM: this night was signed by Kim and has changed since.")
    assert said in page.page(loud)
    assert "now 2 of 200.00" in page.page(loud)
    assert signed.at > datetime(2025, 1, 1, tzinfo=UTC)


def test_one_is_said_as_one():
    said = words.verdict(made(discrepancies=[*VARIANCES, *audit([mirror(BOOK, name="9")], [], RULES)]))
    assert said == (f"Night of {NIGHT}: 2 variances, NZD 200.00 apart. 1 can be repaired by Revmark; 1 needs a person.")
    assert words.verdict(made(discrepancies=VARIANCES)).startswith(f"Night of {NIGHT}: 1 variance, NZD 100.00 apart.")


@pytest.mark.parametrize(
    ("parts", "said", "agreed"),
    [
        ({}, "the books agree. 1 invoice, NZD 100.00.", True),
        ({"against": []}, "1 invoice, NZD 100.00 in Xero. Nothing was compared: by the contract", False),
        ({"against": ["stream"]}, "1 invoice, NZD 100.00 in Xero. Only the stream's totals were compared", False),
        ({"against": [], "tallies": []}, "Nothing was billed in Xero. Nothing was compared: by the", False),
        ({"against": [], "gaps": ["x"]}, "HubSpot keeps no invoices. Not all could be read: see below.", False),
    ],
    ids=["both sides", "nothing", "the stream", "nothing there", "not all read"],
)
def test_the_books_agree_only_where_they_were_compared(
    parts: dict[str, Any], said: str, agreed: bool,  # noqa: FBT001 - a case
):  # fmt: skip
    found = made(**parts)
    assert said in words.verdict(found)
    assert (found.agreed, "agree" in words.verdict(found)) == (agreed, agreed)
