"""What of a world, once it has come to rest, violates an invariant.

Flows in: a world that was played. Flows out: violations by invariant. I7 compares worlds and is in `shuffling`; I12
needs a second tenant, and is not here.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.checks import (
    amendments,
    billing,
    crediting,
    guarding,
    hearing,
    keeping,
    limits,
    owing,
    paying,
    periods,
    renewing,
    resting,
    selling,
    showing,
    summing,
    telling,
)
from tests.simulation.witness import Witness
from tests.simulation.world import World
from tests.support.invariants import violated

Check = Callable[[Witness], list[str]]
CHECKS: dict[str, tuple[Check, ...]] = {
    "I1 nothing unheard": (hearing.unheard, hearing.untold, hearing.unjudged),
    "I3 the platforms agree": (resting.divided,),
    "I4 termination": (resting.restless, resting.late, resting.repeated),
    "I6 guards": (guarding.billed_on_hold, guarding.overridden, guarding.called_customer),
    "I8 claimed before": (keeping.unclaimed, keeping.in_flight),
    "I10 replay": (keeping.differing,),
    "I11 budget": (limits.overrun, limits.impatient, limits.refreshed),
    "I13 nothing silent": (hearing.aside,),
    "I14 no secrets": (keeping.leaked,),
    "I15 bills": (billing.overbilled, billing.unbilled, periods.overbilled, periods.unbilled),
    "I15 amendments": (amendments.overadded, amendments.unadded),
    "I16 each cause once": (
        telling.told_twice, telling.untold, telling.untrue, renewing.told_twice, renewing.untold, renewing.untrue,
    ),
    "I17 revenue shown": (showing.unearned, showing.untouched, showing.unlinked),
    "I18 credits": (crediting.twice, crediting.overcredited, crediting.forgotten),
    "I19 payments shown": (paying.mispaid, paying.unjoined),
    "I20 orders shown": (selling.misordered, selling.missubscribed, selling.unassociated),
    "I21 balances": (owing.misstated,),
    "I24 events add up": (summing.misadded,),
}  # fmt: skip


def violations(world: World) -> dict[str, list[str]]:
    """Every invariant that does not hold, with what violates it."""
    if world.failures:
        return {"a worker ends": world.failures}
    witness = Witness(world)
    found = violated(witness)
    found["I2 no duplicate effect"] = [*keeping.made_twice(witness), *keeping.overtaken(witness)]
    found["I8 ledger truth"] = [
        row for row in found.get("I8 ledger truth", []) if not any(each in row for each in witness.ended_ids)
    ]
    found["I3 convergence"] = [
        row for row in found.get("I3 convergence", []) if row.split(" ", 1)[0] not in witness.waiting_ids
    ]
    told = tuple(f"open variance: {number} " for number in witness.ended_numbers)
    found["I9 money"] = [row for row in found.get("I9 money", []) if not row.startswith(told)]
    for name, checks in CHECKS.items():
        found[name] = [row for check in checks for row in check(witness)]
    return {name: rows for name, rows in found.items() if rows}
