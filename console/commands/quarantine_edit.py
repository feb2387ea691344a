"""`revmark quarantine edit`: put another value in place of a held record's own, checked before it is kept."""

from __future__ import annotations

import asyncio
import getpass
import os
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from console.commands.quarantine_show import settled
from console.envfile import write_private
from console.options import examples
from console.output import note, say
from console.projection.delivery import topics_of
from console.projection.held import Bytes, Held
from console.projection.listing import bytes_of, held
from console.projection.refusals import Refusal, refusal
from console.projection.store import Store
from console.session import Session, session_of
from schemas.errors import Refused
from schemas.quarantine import Edit

EXAMPLES = examples(
    'revmark quarantine edit revmark.changes-0-17 --why "a typo in the amount"',
    'revmark quarantine edit revmark.changes-0-17 --set raw.Total=115.00 --why "a typo in the amount"',
    'revmark quarantine edit revmark.changes-0-17 --file mended.json --why "a typo in the amount"',
    'revmark quarantine edit 9f3a21c07b6d5e48 --set fields.lines.0.account=205 --why "account 200 is closed"',
)
EDITOR = "vi"  # where neither VISUAL nor EDITOR names one


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="as `revmark quarantine list` names it")],
    *,
    why: Annotated[str, typer.Option("--why", help="the reason; it is kept with the record")],
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="one value; repeatable")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="the whole record, as JSON")] = None,
    by: Annotated[str | None, typer.Option("--by", help="you, if not given")] = None,
) -> None:
    """Edit a held record: in $EDITOR, or with --set or --file. It is put back with `revmark quarantine replay`.

    It is read by the models that the topic's reader uses; key and tenant stay, and amounts keep every digit. Of a
    command that a platform refused, the values that it writes are edited. What was there stays beside it. Exits 2 when
    it could not be read; what was typed is then kept in a file.
    """
    if not why.strip():
        raise Refused("--why must say something: it is kept with the record. Nothing was changed", code="usage")
    if set_ and file:
        raise Refused("give --set or --file, not both. Nothing was changed", code="usage")
    from console.quarantining import tell, whole  # noqa: PLC0415 - loads the Kafka client

    session = session_of(context)
    with session.projection("quarantine", "ledger") as store:
        refused = refusal(store, name)
        found = _held(store, name) if refused is None else refused
    who = by or getpass.getuser()
    if isinstance(found, Refusal):
        _amend(session, found, set_ or [], file, who=who, why=why.strip())
        return
    record, lying = found
    lying = asyncio.run(whole(session.settings, lying)) if not lying.complete else lying
    start = record.edit.value if record.edit else (lying.value or b"{}").decode(errors="replace")
    typed, kept = _typed(session, name, start, set_ or [], file)
    value = _checked(session, record, lying, typed, kept)
    if value == (record.edit.value.encode() if record.edit else lying.value):
        note(f"nothing was changed in {name}", "yellow")
        return
    place = (record.topic, record.partition, record.offset)
    edit = Edit(
        topic=place[0], partition=place[1], offset=place[2],
        value=value.decode(), who=who, why=why.strip(), at=datetime.now(UTC),
    )  # fmt: skip
    asyncio.run(tell(session.settings, [edit]))
    if kept != file:
        kept.unlink(missing_ok=True)
    say(f"{name} is edited; what was there stays beside it. Next: revmark quarantine replay {name}", "green")


def _held(store: Store, name: str) -> tuple[Held, Bytes]:
    record = held(store, name)
    if record.settlement is not None:
        said = settled(name, record.settlement)
        raise Refused(f"{name} was {said}. Nothing was changed. Next: revmark quarantine list", code="settled")
    lying = bytes_of(store, name)
    if lying is None:
        raise Refused(
            f"{name} does not say what lay where: it cannot be put back. Nothing was changed. "
            f"Next: revmark quarantine drop {name} --why ...",
            code="unreadable",
        )
    return record, lying


def _amend(
    session: Session, refused: Refusal, assignments: list[str], file: Path | None, *, who: str, why: str
) -> None:
    """Keep other values for what a refused command writes."""
    from console.dossier import client_of  # noqa: PLC0415 - loads the platforms
    from console.edits import amended, parse  # noqa: PLC0415 - as above
    from console.quarantining import tell  # noqa: PLC0415 - loads the Kafka client

    name, command = refused.name, refused.entry.command
    if refused.settlement is not None:
        said = settled(name, refused.settlement)
        raise Refused(f"{name} was {said}. Nothing was changed. Next: revmark quarantine list", code="settled")
    before = command.fields | refused.instead
    typed, kept = _typed(session, name, _dumped({"fields": before}), assignments, file)
    try:
        fields = amended(command, parse(typed), client_of(session.settings, command))
    except Refused as error:
        raise _unfit(name, error, kept) from error
    if fields == before:
        note(f"nothing was changed in {name}", "yellow")
        return
    topics = topics_of(session.settings)
    edit = Edit(
        topic=topics.name(topics.ledger), partition=-1, offset=-1, command=name,
        value=_dumped(fields), who=who, why=why, at=datetime.now(UTC),
    )  # fmt: skip
    asyncio.run(tell(session.settings, [edit]))
    if kept != file:
        kept.unlink(missing_ok=True)
    say(f"{name} is edited; what was refused stays beside it. Next: revmark quarantine replay {name}", "green")


def _unfit(name: str, error: Refused, kept: Path) -> Refused:
    return Refused(
        f"{name} cannot be put back like this: {error.message}. Nothing was changed; what was typed is in "
        f"{kept}. Next: mend it there, then revmark quarantine edit {name} "
        f"--file {shlex.quote(str(kept))} --why ...",
        code="malformed",
    )


def _typed(session: Session, name: str, start: str, assignments: list[str], file: Path | None) -> tuple[str, Path]:
    """What the record is to be, as text, and the file that holds it if it cannot be kept as it is."""
    from console.edits import parse, put  # noqa: PLC0415 - loads the vocabulary of all topics

    if file is not None:
        try:
            return file.read_text(encoding="utf-8"), file
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{file} cannot be read: {error}. Nothing was changed", code="usage") from error
    kept = session.folder / "edits" / f"{name}.json"
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not assignments:
        write_private(kept, _laid_out(start))
        _open(kept)
        return kept.read_text(encoding="utf-8"), kept
    try:
        document = parse(start)
    except Refused as error:
        raise Refused(
            f"{name} is {error.message}; --set needs a record that is JSON. Nothing was changed. "
            f"Next: revmark quarantine edit {name} --why ...",
            code="malformed",
        ) from error
    for each in assignments:
        put(document, each)
    text = _laid_out(_dumped(document))
    write_private(kept, text)
    return text, kept


def _checked(session: Session, record: Held, lying: Bytes, typed: str, kept: Path) -> bytes:
    from console.dossier import translators_of  # noqa: PLC0415 - loads the platforms
    from console.edits import edited, parse, reading  # noqa: PLC0415 - as above

    reads = reading(topics_of(session.settings), record.topic, translators_of(session.settings))
    if reads is None:
        raise Refused(
            f"{record.name} came from {record.topic}, which no worker of this deployment reads. Nothing was changed. "
            f"Next: revmark quarantine drop {record.name} --why ...",
            code="topic",
        )
    try:
        return edited(reads, lying.key, parse(typed))
    except Refused as error:
        raise _unfit(record.name, error, kept) from error


def _dumped(document: Any) -> str:
    from schemas.wire import encode  # noqa: PLC0415 - as above

    return encode(document).decode()


def _laid_out(text: str) -> str:
    """JSON with line ends, for people; what is none stays as it is."""
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode() + "\n"
    except orjson.JSONDecodeError:
        return text


def _open(path: Path) -> None:
    """Let a person edit a file, in the editor of their choice.

    Raises:
        Refused: it did not run, or was left with an error.
    """
    asked = os.environ.get("VISUAL") or os.environ.get("EDITOR") or EDITOR
    try:
        done = subprocess.run([*shlex.split(asked), str(path)], check=False)  # noqa: S603 - the person's own editor
    except OSError as error:
        raise Refused(
            f"the editor {asked!r} did not start: {error}. Nothing was changed. Next: set EDITOR, or use --set or "
            "--file",
            code="usage",
        ) from error
    if done.returncode:
        raise Refused(f"{asked!r} ended with {done.returncode}. Nothing was changed; {path} is as it was left")
