"""`revmark quarantine edit`: put another value in place of a held record's own, checked before it is kept."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
from pathlib import Path
from typing import Annotated, Any

import typer

from console.deeds import account, doing
from console.envfile import write_private
from console.options import examples
from console.output import note, say
from console.session import Session, session_of
from schemas.errors import Refused

EXAMPLES = examples(
    'revmark quarantine edit revmark.changes-0-17 --why "a typo in the amount"',
    'revmark quarantine edit revmark.changes-0-17 --set raw.Total=115.00 --why "a typo in the amount"',
    'revmark quarantine edit revmark.changes-0-17 --file mended.json --why "a typo in the amount"',
    'revmark quarantine edit 9f3a21c07b6d5e48 --set fields.lines.0.account=205 --why "account 200 is closed"',
)
UNCHANGED = "Nothing was changed"
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
    from console import amending, named  # noqa: PLC0415 - loads the Kafka client and the platforms
    from console.quarantining import Say, tell, whole  # noqa: PLC0415 - as above

    session = session_of(context)
    settings, said = session.settings, Say(by or account(), why.strip())
    with session.projection("quarantine", "ledger") as store:
        refused = named.refused(store, name, UNCHANGED)
        record = named.record(store, name, UNCHANGED) if refused is None else None
        lying = named.lying(store, record, UNCHANGED) if record else None
    if lying is not None and not lying.complete:
        lying = asyncio.run(whole(settings, lying))
    start = amending.start_of_command(refused) if refused else ""
    start = amending.start_of_record(record, lying) if record and lying else start
    typed, kept = _typed(session, name, start, set_ or [], file)
    try:
        edit = amending.of_command(settings, refused, typed, said) if refused else None
        edit = amending.of_record(settings, record, lying, typed, said) if record and lying else edit
    except Refused as error:
        raise error if error.code == "topic" else _unfit(name, error, kept) from error
    if edit is None:
        note(f"nothing was changed in {name}", "yellow")
        return
    with doing(settings, "edit", said.who, name, said.why):
        asyncio.run(tell(settings, [edit]))
    if kept != file:
        kept.unlink(missing_ok=True)
    there = "was refused" if refused else "was there"
    say(f"{name} is edited; what {there} stays beside it. Next: revmark quarantine replay {name}", "green")


def _unfit(name: str, error: Refused, kept: Path) -> Refused:
    return Refused(
        f"{name} cannot be put back like this: {error.message}. Nothing was changed; what was typed is in "
        f"{kept}. Next: mend it there, then revmark quarantine edit {name} "
        f"--file {shlex.quote(str(kept))} --why ...",
        code="malformed",
    )


def _typed(session: Session, name: str, start: str, assignments: list[str], file: Path | None) -> tuple[str, Path]:
    """What the record is to be, as text, and the file that holds it if it cannot be kept as it is."""
    from console import amending  # noqa: PLC0415 - loads the platforms
    from console.edits import parse, put  # noqa: PLC0415 - loads the vocabulary of all topics

    if file is not None:
        try:
            return file.read_text(encoding="utf-8"), file
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{file} cannot be read: {error}. Nothing was changed", code="usage") from error
    kept = session.folder / "edits" / f"{name}.json"
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not assignments:
        write_private(kept, amending.laid_out(start))
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
    text = amending.laid_out(_dumped(document))
    write_private(kept, text)
    return text, kept


def _dumped(document: Any) -> str:
    from schemas.wire import encode  # noqa: PLC0415 - as above

    return encode(document).decode()


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
