"""A create that was written and refused its link: the record is there as written, and nothing is repeated."""

from __future__ import annotations

from typing import Any

from schemas.command import Command
from schemas.fact import Fact
from schemas.instants import to_millis
from schemas.names import Entity, Side
from tests.support.judging import Court, at, fact, invoice, outcome, retry

MIRROR = "hubspot/invoice/m"


def mirrors(court: Court) -> list[Command]:
    return court.commands(Side.CRM, Entity.INVOICE)


def credited(seconds: float) -> Fact:
    """The invoice after a quarter of it was credited."""
    return invoice(seconds, amount_due="86.25", amount_credited="28.75")


def shown(command: Command, seconds: float, **fields: Any) -> Fact:
    """The mirror as HubSpot shows it."""
    held = {**command.fields, "erp_id": "1-erp", **fields}
    return fact(Entity.INVOICE, Side.CRM, held, record="invoice:1", seconds=seconds, ref=MIRROR, alone=False)


def unlinked(court: Court, command: Command, seconds: float) -> None:
    """HubSpot has made the record, and refused its link to the deal."""
    court.answered.add(command.id)
    message = "written, but not associated with deal 1: DEAL 1 does not exist"
    court.hear(outcome(command, "refused", seconds=seconds, ref=MIRROR, version=version(seconds), message=message))


def version(seconds: float) -> int:
    return to_millis(at(seconds))


def twice_made() -> tuple[Court, Command, Command]:
    """The mirror was made, the invoice credited, and the mirror made again with what is due now."""
    court = Court().known_everywhere()
    court.hear(invoice(10))
    (first,) = mirrors(court)
    unlinked(court, first, 11)
    court.hear(credited(12))
    (_, second) = mirrors(court)
    assert (second.kind, second.fields["amount_due"]) == ("create", "86.25")
    return court, first, second


def test_what_was_written_is_not_written_again_where_an_older_showing_comes_first():
    court, first, second = twice_made()
    court.hear(shown(first, 11))
    unlinked(court, second, 13)
    assert mirrors(court) == [first, second]
    court.hear(shown(second, 13))
    assert mirrors(court) == [first, second]


def test_what_was_written_is_not_written_again_where_an_older_showing_comes_last():
    court, first, second = twice_made()
    unlinked(court, second, 13)
    court.hear(shown(first, 11), shown(second, 13))
    assert mirrors(court) == [first, second]
    court.hear(invoice(14, amount_due="0.00", amount_paid="86.25", amount_credited="28.75"))
    (paid,) = mirrors(court)[2:]
    assert (paid.kind, paid.ref, paid.fields) == ("update", MIRROR, {"amount_due": "0.00", "amount_paid": "86.25"})


def test_what_somebody_changed_since_is_not_taken_for_what_was_written():
    court, first, second = twice_made()
    court.hear(shown(first, 11), shown(second, 20, amount_due="1.00"))
    unlinked(court, second, 13)
    (back,) = mirrors(court)[2:]
    assert (back.kind, back.fields) == ("update", {"amount_due": "86.25"})


def test_a_person_may_have_it_made_again_with_its_link():
    court = Court().known_everywhere()
    court.hear(invoice(10))
    (made,) = mirrors(court)
    unlinked(court, made, 11)
    assert "not associated" in court.verdicts("")[-1].reason
    court.hear(retry(made, seconds=20))
    (_, again) = mirrors(court)
    assert (again.kind, again.fields) == ("create", made.fields)


def test_a_create_that_was_refused_whole_tells_nothing_of_the_record():
    court = Court().known_everywhere()
    court.hear(invoice(10))
    (made,) = mirrors(court)
    court.answered.add(made.id)
    court.hear(outcome(made, "refused", seconds=11, message="no such property"))
    assert court.state("invoice:1").side(Side.CRM).fields == {}
