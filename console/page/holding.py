"""What is held back, as the page draws it: the list, and one of it whole with the text that a person would edit."""

from __future__ import annotations

from typing import Any

from console.amending import laid_out, start_of_command, start_of_record
from console.dossier import of_command, of_record
from console.explain.labels import PLATFORMS
from console.projection.filters import Filters
from console.projection.held import Held
from console.projection.listing import bytes_of, held, quarantined
from console.projection.refusals import Refusal, refusal, refusals
from console.projection.store import Store
from streams.settings import Settings


def held_back(store: Store, limit: int) -> list[dict[str, Any]]:
    """Records and refused writes that wait for a person, newest first."""
    both: list[Held | Refusal] = [*quarantined(store, Filters(state="held"), limit), *refusals(store, limit=limit)]
    found = sorted(both, key=lambda each: each.at, reverse=True)[:limit]
    return [
        {
            "name": each.name,
            "at": each.at.isoformat(),
            "from": _origin(each),
            "reason": each.reason,
            "command": isinstance(each, Refusal),
            "attempts": each.entry.attempts if isinstance(each, Refusal) else each.attempts,
            "edited": each.edit.who if each.edit else "",
        }
        for each in found
    ]


def whole(store: Store, settings: Settings, name: str) -> dict[str, Any]:
    """One of it.

    Raises:
        Refused: nothing has this name.
    """
    refused = refusal(store, name)
    if refused is not None:
        shown = {"command": True, "from": _origin(refused), "text": laid_out(start_of_command(refused))}
        return refused.document() | of_command(store, settings, refused.entry).document() | shown
    record = held(store, name)
    lying = bytes_of(store, name)
    text = laid_out(start_of_record(record, lying)) if lying and (lying.complete or record.edit) else ""
    shown = {"command": False, "from": _origin(record), "text": text, "name": name}
    return record.model_dump(mode="json") | of_record(store, settings, record).document() | shown


def _origin(found: Held | Refusal) -> str:
    if isinstance(found, Held):
        return found.topic
    command = found.entry.command
    verb = f"{command.kind} {command.entity.value.replace('_', ' ')}"
    return f"{PLATFORMS.get(command.platform, command.platform)}: {verb}, {command.reason}"
