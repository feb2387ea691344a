"""Capture: drop what is stale, translate, find out whose it is, re-key by customer.

In: changes, marks, links and erasures of one tenant in order. Out: facts keyed by customer, verdicts about identity.
Invariant: every change ends as a fact, a counted drop, a record that waits under a name, or a quarantined record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.rules.result import Result
from agents.steps import words
from agents.steps.tenancy import Tenancy, Translate
from schemas.change import Change, Erasure, Link, Mark, parse_arrival
from schemas.contract import Contract
from schemas.errors import Refused
from schemas.sighting import Sighting
from tables import versions
from tables.view import View


@dataclass(slots=True)
class Capture:
    """The step, with what it judges by."""

    contract: Contract
    translators: Mapping[str, Translate]

    def __call__(self, values: Sequence[bytes | None], rows: View, names: View) -> Result:
        """Take the values of one partition in order; write versions (`rows`) and identities (`names`)."""
        result = Result()
        tenants: dict[str, Tenancy] = {}
        for index, value in enumerate(values):
            result.at = index
            try:
                arrival = parse_arrival(value)
                work = tenants.get(arrival.tenant)
                if work is None:
                    work = tenants[arrival.tenant] = Tenancy(self.contract, arrival.tenant, rows, names, result)
                match arrival:
                    case Change():
                        work.change(arrival, self._sightings)
                    case Mark():
                        work.mark(arrival)
                    case Link():
                        words.spoken(work.placement, arrival)
                        result.counts["links"] += 1
                    case Erasure():
                        work.erase(arrival)
            except Refused as error:
                result.refuse(index, error.message)
        return result

    def _sightings(self, change: Change) -> list[Sighting]:
        """Translate; a record that even our translator did not expect is refused, before anything is written."""
        try:
            return self.translators[change.platform](change)
        except Refused:
            raise
        except Exception as error:
            # Without the message: it may hold what the record holds.
            raise Refused(f"{versions.change_ref(change)} cannot be read: {type(error).__name__}") from error
