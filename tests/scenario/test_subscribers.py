"""The example subscribers on a real broker: each event counted once, whatever is repeated, stopped or read anew."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.money import Money
from schemas.revenue import Figures, RevenueEvent
from tests.support import subscribers
from tests.support.broker import make_topics, write
from tests.unit.console.records import event

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]


def told(nth: int, kind: str, amount: str, currency: str = "EUR", day: str = "2026-11-20", **more: Any) -> RevenueEvent:
    return event(nth, type=kind, money=Money(amount=Decimal(amount), currency=currency), day=day, **more)


def formerly(amount: str) -> Figures:
    return Figures(money=Money(amount=Decimal(amount), currency="EUR"), day="2026-11-20")


FIRST = [
    told(1, "invoice_posted", "100.00"),
    told(2, "invoice_posted", "0.10"),
    told(3, "invoice_posted", "0.20"),
    told(4, "invoice_posted", "90071992547409.93"),  # of which a float would lose cents
    told(5, "payment_received", "40.00", day="2026-12-01"),
    event(6, type="credit_hold_changed", money=None, credit_hold=True),
]
MORE = [
    told(7, "invoice_voided", "100.00"),
    told(8, "credit_memo_issued", "0.05"),
    told(9, "invoice_posted", "5000", "JPY"),
    told(10, "refund_made", "50.00", day="2026-12-02"),
    told(11, "payment_received", "1.125", "BHD"),
    told(12, "refund_made", "7.00"),
    told(13, "payment_reversed", "7.00", told_as="refund_made"),  # the money came back
    told(14, "payment_reversed", "2.00", told_as="prepayment_received"),
    told(15, "payment_reversed", "3.00"),  # of an older release: a payment
    told(16, "invoice_restated", "0.50", day="2026-12-03", before=formerly("0.20")),
    told(17, "credit_memo_issued", "1.00"),
    told(18, "credit_memo_restated", "1.50", before=formerly("1.00")),
    told(19, "credit_memo_voided", "1.50"),
    told(20, "payment_restated", "6.00", told_as="prepayment_received", before=formerly("4.00")),
]
AFTER_FIRST = {
    ("2026-11", "EUR"): ("90071992547510.23", "0.00"),
    ("2026-12", "EUR"): ("0.00", "40.00"),
}
AFTER_MORE = {
    ("2026-11", "BHD"): ("0.000", "1.125"),
    ("2026-11", "EUR"): ("90071992547409.98", "-3.00"),
    ("2026-11", "JPY"): ("5000", "0"),
    ("2026-12", "EUR"): ("0.50", "-10.00"),
}


async def publish(broker: str, topic: str, events: list[RevenueEvent]) -> None:
    await write(broker, topic, [(each.customer.encode() + each.id[-1:].encode(), each.to_bytes()) for each in events])


@pytest.mark.parametrize("reader", ["python", "node"])
def test_a_reader_counts_once_goes_on_where_it_was_and_may_begin_anew(
    reader: str, broker: str, names: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if reader == "node" and not subscribers.has_node():
        pytest.skip("node and npm are not on this machine")

    def counted(state: Path) -> subscribers.Months:
        if reader == "python":
            return subscribers.python(broker, topic, state)
        return subscribers.node(broker, topic, state, tmp_path_factory.getbasetemp())

    topic = f"{names}.revenue"
    asyncio.run(make_topics(broker, {topic: 3}))
    asyncio.run(publish(broker, topic, [*FIRST, *FIRST[:3]]))
    assert counted(tmp_path / "state") == AFTER_FIRST
    assert counted(tmp_path / "state") == AFTER_FIRST  # nothing new: nothing counted
    asyncio.run(publish(broker, topic, [FIRST[4], *MORE, *MORE]))
    assert counted(tmp_path / "state") == AFTER_MORE
    assert counted(tmp_path / "anew") == AFTER_MORE
