"""History and notes: an audit trail that can be added to and never removed [SPEC]."""

from typing import TYPE_CHECKING

from sandbox.xero import fields
from sandbox.xero.problems import Invalid
from sandbox.xero.wire import Bare, Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

LIMIT = 2500  # characters of a note [SPEC]


def note(organisation: "Organisation", owner: str, changes: str, details: str) -> Record:
    """Add one entry."""
    return organisation.history.put(
        {
            "_id": organisation.new_id(),
            "_owner": owner,
            "Changes": changes,
            "DateUTC": organisation.now(),
            "User": "System Generated" if organisation.actor == "api" else "Sandbox Person",
            "Details": details,
        },
        quiet=True,
    )


def add(organisation: "Organisation", owner: str, elements: list[Record]) -> list[Record]:
    """``PUT /{Resource}/{id}/History``; answered without user and kind [REC]."""
    made = []
    for element in elements:
        details = fields.read(element, {"Details": fields.text(LIMIT)}).get("Details")
        if not details:
            raise Invalid("Details must be specified")
        entry = note(organisation, owner, "Note", details)
        moment = entry["DateUTC"]
        made.append({"DateUTCString": _seconds(entry), "DateUTC": Bare(moment), "Details": details})
    return made


def of(organisation: "Organisation", owner: str) -> list[Record]:
    """``GET /{Resource}/{id}/History``, newest first [REC]."""
    entries = organisation.history.find("owner", owner)
    return [
        {"Changes": entry["Changes"], "DateUTCString": _seconds(entry), "DateUTC": entry["DateUTC"],
         "User": entry["User"], "Details": entry["Details"]}
        for entry in reversed(entries)
    ]  # fmt: skip


def _seconds(entry: Record) -> str:
    return str(entry["DateUTC"].strftime("%Y-%m-%dT%H:%M:%S"))
