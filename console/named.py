"""What a person names in quarantine, looked up: a record, or a command that a platform refused, that still stands.

In: names, the projection. Out: what can be edited, put back or dropped. Invariant: what somebody has settled is not
settled again; the message says who did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.output import moment
from console.projection.filters import Filters
from console.projection.held import Bytes, Held
from console.projection.listing import EVERYTHING, bytes_of, held, quarantined
from console.projection.refusals import Refusal, refusal
from console.projection.store import Store
from console.projection.tables import Known
from schemas.errors import Refused
from schemas.quarantine import Settlement

if TYPE_CHECKING:  # it loads the Kafka client
    from console.quarantining import Going

UNSENT = "Nothing was sent"


def settled(name: str, found: Settlement | None) -> str:
    """What became of it, or what can be done."""
    if found is None:
        return f"held. Next: revmark quarantine replay {name}, or revmark quarantine drop {name} --why ..."
    return f"{found.state} by {found.who} at {moment(found.at)} UTC" + (f": {found.why}" if found.why else "")


def refused(store: Store, name: str, nothing: str = UNSENT) -> Refusal | None:
    """A refused command of which nobody has said anything yet; None: no refused command has this name.

    Raises:
        Refused: somebody has.
    """
    found = refusal(store, name)
    if found is not None:
        _stands(name, found.settlement, nothing)
    return found


def record(store: Store, name: str, nothing: str = UNSENT) -> Held:
    """A record that nobody has settled yet.

    Raises:
        Refused: there is none of this name, or somebody has.
    """
    found = held(store, name)
    _stands(name, found.settlement, nothing)
    return found


def lying(store: Store, found: Held, nothing: str = UNSENT) -> Bytes:
    """A record's bytes, and where they lay.

    Raises:
        Refused: quarantine does not say.
    """
    kept = bytes_of(store, found.name)
    if kept is None:
        raise Refused(
            f"{found.name} does not say what lay where: it cannot be put back. {nothing}. "
            f"Next: revmark quarantine drop {found.name} --why ...",
            code="unreadable",
        )
    return kept


def going(store: Store, found: Held) -> Going:
    """A record that is to go back, as it was or as edited.

    Raises:
        Refused: it cannot.
    """
    from console.quarantining import Going  # noqa: PLC0415 - as above

    return Going(lying(store, found), found.origin, found.edit.value if found.edit else None)


def customer(store: Store, tenant: str, found: Refusal) -> str:
    """The customer that a refused command's record belongs to now."""
    command = found.entry.command
    return Known(store, tenant).customer_of(command.record) or command.customer


def older(store: Store, found: Held, besides: set[str]) -> list[str]:
    """What lay before it, of the same record, and stays: it goes first as a rule."""
    others = quarantined(store, Filters(record=found.about, state="held"), EVERYTHING) if found.about else []
    return [
        each.name
        for each in others
        if each.topic == found.topic and each.origin < found.origin and each.name not in besides
    ]


def _stands(name: str, said: Settlement | None, nothing: str) -> None:
    if said is not None:
        raise Refused(f"{name} was {settled(name, said)}. {nothing}. Next: revmark quarantine list", code="settled")
