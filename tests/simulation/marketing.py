"""What marketing finds out of those who buy: a deed like those of other people, in `people.LATENESS`.

Flows in: the platforms as they are, lots drawn for this one deed. Flows out: campaigns on a company or a deal.
"""

from __future__ import annotations

from random import Random

from tests.simulation.platforms import Declined, Platforms

CAMPAIGNS = "campaigns"  # the property in which marketing keeps what touched a company or a deal


async def crm_touch(both: Platforms, lots: Random) -> None:
    """Marketing finds out what touched a company or a deal."""
    kind = lots.choice(("companies", "deals"))
    rows, touched = both.records(kind), lots.sample(("autumn", "fair", "radio", "spring"), lots.randrange(0, 4))
    if not rows:
        raise Declined("there is none")
    body = {"properties": {CAMPAIGNS: ";".join(touched)}}
    await both.sales.do("PATCH", f"people/{kind}/{lots.choice(rows)['id']}", body)
