"""Amending: what a person typed in place of a record's value, or of a refused command's, as an edit that can be kept.

In: what is held, what was typed, who and why. Out: an edit; None where nothing differs. Invariant: it was read by the
models that the topic's reader uses, or by the platform's client, before it is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from console.dossier import client_of, translators_of
from console.edits import amended, edited, parse, reading
from console.projection.delivery import topics_of
from console.projection.held import Bytes, Held
from console.projection.refusals import Refusal
from console.quarantining import Say
from schemas.errors import Refused
from schemas.quarantine import Edit
from schemas.wire import encode
from streams.settings import Settings


def start_of_record(record: Held, lying: Bytes) -> str:
    """What there is to edit of a record, as text: what was put in its place, or itself."""
    return record.edit.value if record.edit else (lying.value or b"{}").decode(errors="replace")


def start_of_command(refused: Refusal) -> str:
    """What there is to edit of a refused command, as text."""
    return encode({"fields": refused.entry.command.fields | refused.instead}).decode()


def laid_out(text: str) -> str:
    """JSON with line ends, for people; what is none stays as it is."""
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode() + "\n"
    except orjson.JSONDecodeError:
        return text


def of_record(settings: Settings, record: Held, lying: Bytes, typed: str, said: Say) -> Edit | None:
    """An edit of a record.

    Raises:
        Refused: its reader would not take it (`malformed`), or no worker reads its topic (`topic`).
    """
    reads = reading(topics_of(settings), record.topic, translators_of(settings))
    if reads is None:
        raise Refused(
            f"{record.name} came from {record.topic}, which no worker of this deployment reads. Nothing was changed. "
            f"Next: revmark quarantine drop {record.name} --why ...",
            code="topic",
        )
    value = edited(reads, lying.key, parse(typed))
    if value == (record.edit.value.encode() if record.edit else lying.value):
        return None
    return _edit((record.topic, record.partition, record.offset), value.decode(), said)


def of_command(settings: Settings, refused: Refusal, typed: str, said: Say) -> Edit | None:
    """Other values for what a refused command writes.

    Raises:
        Refused: the platform's client would not send them.
    """
    command = refused.entry.command
    fields = amended(command, parse(typed), client_of(settings, command))
    if fields == command.fields | refused.instead:
        return None
    topics = topics_of(settings)
    return _edit((topics.name(topics.ledger), -1, -1), encode(fields).decode(), said, refused.name)


def _edit(lay: tuple[str, int, int], value: str, said: Say, command: str = "") -> Edit:
    topic, partition, offset = lay
    return Edit(
        topic=topic, partition=partition, offset=offset, command=command,
        value=value, who=said.who, why=said.why, at=datetime.now(UTC),
    )  # fmt: skip
