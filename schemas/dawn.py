"""A dawn: a business day has begun, and something of a customer is due on it. Topic `facts`, keyed by tenant, customer.

Time is a finding like any other, so that it lies in the customer's own order: replayed, it is judged at the same place
again, by the same day.
"""

from __future__ import annotations

from typing import Literal

from schemas.instants import Instant
from schemas.wire import Wire


class Dawn(Wire):
    """The clock's word to one customer. Said twice, it changes nothing the second time."""

    type: Literal["dawn"] = "dawn"
    tenant: str
    customer: str
    at: Instant
