"""What the page tells Prometheus while a trouble lasts and once it is mended, taken from a projection that has it.

In: for each alert, records that bring the trouble and records that end it. Out: the page's own figures at both moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from prometheus_client.parser import text_string_to_metric_families

from console.page.figures import text
from console.projection.delivery import SHELVES, STATES, Delivery
from console.projection.store import Store
from schemas.audit import Signature, Sum, Tally
from schemas.brake import BrakeState, brake_key
from schemas.names import Entity, Side
from schemas.night import Night
from schemas.quarantine import Settlement
from streams.lanes.postponed import Stop
from streams.lanes.status import Standing
from streams.settings import Settings
from tests.unit.console.records import at, delivery, entry, quarantined, variance, verdict
from tests.unit.watch.books import billed, customer, deal, invoice, ordered, settlement

_NEWEST = "2026-11-20"  # the night that is owed a day after the test's own, in the contract's zone
HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Trouble:
    """Records, and how many minutes the trouble lasts; each moment is in seconds of the test's day."""

    fault: Sequence[Delivery]
    mend: Sequence[Delivery]
    minutes: int = 120
    seconds: float = HOUR
    mended: float = 2 * HOUR
    read: tuple[float, float] | None = field(default=None)  # when the topics had been read, if not just now


def samples(store: Store, folder: Path, now: datetime) -> dict[str, float]:
    """The page's figures, by series."""
    found = text(
        store, Settings(state=folder, contract=folder / "none.yaml", reconcile_hour=3, _env_file=None), now
    ).decode()
    return {
        f"{each.name}{{{','.join(f'{name}={value!r}' for name, value in each.labels.items())}}}".replace(
            "'", '"'
        ): each.value
        for family in text_string_to_metric_families(found)
        for each in family.samples
    }


def shown(trouble: Trouble, folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """The figures while it lasts and after."""
    moments = [at(trouble.seconds), at(trouble.mended)]
    reads = [at(each) for each in trouble.read] if trouble.read else list(moments)
    store = Store(folder / "console", clock=lambda: reads[0])
    try:
        store.apply(trouble.fault)
        store.caught_up((*SHELVES, *STATES))
        during = samples(store, folder, moments[0])
        reads.pop(0)
        store.apply(trouble.mend)
        store.caught_up((*SHELVES, *STATES))
        return during, samples(store, folder, moments[1])
    finally:
        store.close()


def _brake(state: str) -> BrakeState:
    return BrakeState.model_validate({
        "tenant": "main", "connection": "main.xero", "platform": "xero", "side": Side.ERP, "entity": Entity.COMPANY,
        "rule": "owner", "state": state, "records": 9, "bound": 5, "command": "command-1", "stopped_at": at(0),
    })  # fmt: skip


def _night(**given: Any) -> Night:
    usual = {"tenant": "main", "night": _NEWEST, "at": at(0), "contract": "c", "says": "", "whole": True}
    return Night.model_validate(usual | given)


def _standing(offset: int, until: float) -> Delivery:
    row = Standing()
    row.park(Stop(at(until), "the day's calls are spent"))
    value = orjson.dumps({name: getattr(row, name) for name in Standing.__slots__})
    return delivery("tables.cursors", offset, value, '"main.xero|standing"')


_BRAKE = brake_key("main.xero", Entity.COMPANY, "owner")
_DROPPED = Settlement(topic="revmark.changes", partition=0, offset=17, state="dropped", who="kim", at=at(60))
_SIGNED = Signature(
    tenant="main", night="2026-11-20", who="Kim", at=at(0), contract="c",
    heard=[Tally(currency="EUR", kind="payment", stream_erp=Sum(count=1, total=Decimal(50)))],
)  # fmt: skip
_WRITE = "main.xero|command-1"

TROUBLES = {
    "RevmarkConnectionParked": Trouble([_standing(0, 2 * HOUR)], [], mended=3 * HOUR),
    "RevmarkMoneyWaits": Trouble(
        [delivery("ledger", 0, entry(1, "waiting", tier=1), _WRITE)],
        [delivery("ledger", 1, entry(1, tier=1), _WRITE)],
    ),
    "RevmarkWritesWait": Trouble(
        [delivery("ledger", 0, entry(1, "waiting", tier=3), _WRITE)],
        [delivery("ledger", 1, entry(1, tier=3), _WRITE)],
        seconds=7 * HOUR,
        mended=8 * HOUR,
    ),
    "RevmarkPictureOld": Trouble([], [], read=(0, 2 * HOUR)),
    "RevmarkVarianceOpen": Trouble(
        [delivery("variances", 0, variance(1), "variance-1")],
        [delivery("variances", 1, variance(1, "closed"), "variance-1")],
    ),
    "RevmarkSignedNightChanged": Trouble(
        [settlement(0), delivery("signatures", 0, _SIGNED, "main|2026-11-20"), settlement(1, 2)],
        [settlement(2, 2, status="deleted")],
    ),
    "RevmarkNightDiffers": Trouble(
        [delivery("nights", 0, _night(variances=1), "main|2026-11-20")],
        [delivery("nights", 1, _night(at=at(HOUR)), "main|2026-11-20")],
    ),
    "RevmarkNightMissed": Trouble(
        [delivery("nights", 0, _night(whole=False), f"main|{_NEWEST}")],
        [delivery("nights", 1, _night(), f"main|{_NEWEST}")],
        seconds=DAY - HOUR, mended=DAY - HOUR / 2,
    ),
    "RevmarkBrakeStopped": Trouble(
        [delivery("brakes", 0, _brake("stopped"), _BRAKE)], [delivery("brakes", 1, _brake("released"), _BRAKE)]
    ),
    "RevmarkWritesRefused": Trouble(
        [delivery("ledger", 0, entry(2, "refused"), "main.xero|command-2")],
        [delivery("ledger", 1, entry(3, record=entry(2).command.record), "main.xero|command-3")],
    ),
    "RevmarkQuarantineWaits": Trouble(
        [delivery("quarantine", 0, quarantined(17))], [delivery("quarantine", 1, _DROPPED)]
    ),
    "RevmarkReviewsWait": Trouble(
        [delivery("decisions", 0, verdict(2, ruling="review", field="currency"))],
        [delivery("decisions", 1, verdict(4, ruling="take_erp", field="currency"))],
        minutes=25 * 60,
    ),
    "RevmarkInvoicesNotMirrored": Trouble([invoice(0, mirrored=False)], [invoice(1)]),
    "RevmarkDealsWithoutCustomer": Trouble([customer(0, erp=None), deal(1)], [customer(2)]),
    "RevmarkOrderUnbilled": Trouble([ordered(0)], [billed(1, seconds=HOUR)], seconds=2 * DAY, mended=2 * DAY + HOUR),
    "RevmarkBillingSlow": Trouble(
        [ordered(0), billed(1, seconds=2 * DAY)], [], seconds=3 * DAY, mended=40 * DAY
    ),
}  # fmt: skip
