"""What a backfill costs in Xero, and what of the quota it may take."""

from __future__ import annotations

from schemas.names import Entity
from streams.platforms.interface import Share
from streams.platforms.xero.kinds import ADVANCES, CONTACT, CREDIT_NOTE, INVOICE, ITEM, KINDS, PAGE_SIZE, PAYMENT
from streams.platforms.xero.quota import DAY_RESERVE, MINUTE_CALLS, MINUTE_KEPT

DAY_CALLS = 1_000  # on the Starter tier; 5,000 above it (facts B2)
UNPAGED = 1_000_000  # items come in one reply, however many there are

SHARE = Share(
    entities={
        ITEM.name: (Entity.PRODUCT,),
        CONTACT.name: (Entity.COMPANY, Entity.CONTACT),
        INVOICE.name: (Entity.INVOICE,),
        CREDIT_NOTE.name: (Entity.CREDIT_NOTE,),
        **dict.fromkeys((PAYMENT.name, *(kind.name for kind in ADVANCES)), (Entity.PAYMENT,)),
    },
    page={name: PAGE_SIZE if kind.paged else UNPAGED for name, kind in KINDS.items()},
    calls=dict.fromkeys(KINDS, 1),
    minute=MINUTE_CALLS - sum(MINUTE_KEPT["backfill"].values()),
    day=DAY_CALLS - DAY_RESERVE["backfill"],
    day_calls=DAY_CALLS,
)
