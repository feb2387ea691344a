"""`revmark reconcile`: a night's books, counted from both platforms themselves and compared document by document."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from agents.rules.nights import missing, owed
from agents.rules.signing import Stirred
from console.audited import page, table, text, words
from console.audited.night import told
from console.deeds import doing
from console.exits import FINE, NEEDS_PERSON, UNREACHABLE
from console.options import Document, examples
from console.output import moment, note, show_json, write_file
from console.projection.delivery import topics_of
from console.projection.listing import EVERYTHING, find
from console.projection.signed import ROWS, changed, settled
from console.projection.store import Store
from console.session import Session, session_of
from schemas.audit import Audit, Signature
from schemas.contract import Contract, load_contract
from schemas.errors import Refused, Transient
from schemas.instants import business_day
from schemas.night import Night
from schemas.totals import Total

EXAMPLES = examples(
    "revmark reconcile",
    "revmark reconcile --night 2026-11-20 --html night.html --csv night.csv",
    "revmark reconcile --night 2026-11-20 --json | jq .discrepancies",
    'revmark reconcile --night 2026-11-20 --sign "Kim Lee"',
    "revmark reconcile --due",
)
SIGNATURES = "signatures"  # the shelf
SETTLING = 30.0  # minutes, as in agents.rules.audit


def command(
    context: typer.Context,
    *,
    night: Annotated[
        str | None, typer.Option("--night", metavar="YYYY-MM-DD", help="the documents' day; yesterday if not given")
    ] = None,
    settling: Annotated[
        float, typer.Option(min=0, help="minutes for which a change in the ERP may still be on its way")
    ] = SETTLING,
    due: Annotated[
        bool,
        typer.Option("--due", help="each of the last nights that was not read whole yet, as workers ask; often none"),
    ] = False,
    stream: Annotated[
        bool,
        typer.Option(help="ask the stream for its totals as well; without a broker --no-stream, if no worker runs"),
    ] = True,
    csv: Annotated[Path | None, typer.Option("--csv", help="write the variances to a file, one a line")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="write a page that prints to a file")] = None,
    sign: Annotated[str | None, typer.Option("--sign", metavar="NAME", help="sign the night's totals")] = None,
    why: Annotated[str, typer.Option("--why", help="why it is signed with variances, or signed again")] = "",
    json: Document = False,
) -> None:
    """Count a day's invoices, credit notes, payments and refunds in both platforms, and name what differs.

    Reads both accounts, writes nothing. Exits 0 when nothing differs, 1 with variances, 3 when not all could be read.
    A night that was signed and has changed since is an alarm, and exits 1, and so is any other by the stream's totals.
    """
    session = session_of(context)
    contract = load_contract(session.settings.contract)
    for path in (csv, html):
        if path is not None and not path.parent.is_dir():  # before both sides are read for nothing
            raise _unwritable(path, f"there is no folder {path.parent}")
        if path is not None and path.is_dir():
            raise _unwritable(path, "it is a folder")
    if due:
        _due(session, contract, timedelta(minutes=settling))
    day = _day(night, contract)
    made = _made(session, contract, day, timedelta(minutes=settling), stream=stream or sign is not None)
    for path, written in ((csv, table.written), (html, page.page)):
        if path is not None:
            write_file(path, written(made), partial(_unwritable, path))
    if json:
        show_json(made)
    else:
        text.tell(made)
    if sign is not None:
        _sign(session, contract, made, sign, why)
        return
    raise typer.Exit(NEEDS_PERSON if made.needs_person else UNREACHABLE if made.gaps else FINE)


def _due(session: Session, contract: Contract, settling: timedelta) -> NoReturn:
    """Reconcile what is due; the exit says what came of the worst of them."""
    with session.projection("nights") as store:
        whole = {each.night for each in find(store, Night, limit=EVERYTHING) if each.whole}
    hour = session.settings.reconcile_hour
    nights = missing(owed(datetime.now(UTC), contract.timezone, hour or 0), whole)
    codes = []
    for night in nights:
        try:
            made = _made(session, contract, night, settling, stream=True)
        except Transient as error:
            _publish(session, contract, night, error.message)
            raise
        note(words.verdict(made))
        codes.append(UNREACHABLE if made.gaps else NEEDS_PERSON if made.needs_person else FINE)
    raise typer.Exit(max(codes, default=FINE))


def _publish(session: Session, contract: Contract, night: str, made: Audit | str) -> None:
    """Put what came of a night on its topic, or why nothing could be compared; where that cannot be, say so."""
    from console.word import place  # noqa: PLC0415 - loads Kafka's client

    settings = session.settings
    word = told(night, made, settings.tenant, contract)
    try:
        asyncio.run(place(settings, topics_of(settings).nights, f"{word.tenant}|{word.night}", word))
    except Transient as error:
        note(f"the night's result is not on the topic `nights`: {error.message}", "yellow")


def _day(night: str | None, contract: Contract) -> str:
    """The day that is meant.

    Raises:
        Refused: it is no day, or it has not come yet.
    """
    today = date.fromisoformat(business_day(datetime.now(UTC), contract.timezone))
    if night is None:
        return (today - timedelta(days=1)).isoformat()
    try:
        day = date.fromisoformat(night)
    except ValueError as error:
        raise Refused(f"{night!r} is no day: a night is written YYYY-MM-DD", code="usage") from error
    if day > today:
        raise Refused(f"{night} has not come yet in {contract.timezone}: there is nothing to count", code="usage")
    return day.isoformat()


def _made(session: Session, contract: Contract, night: str, settling: timedelta, *, stream: bool) -> Audit:
    from console.reconciling import Means, Wish, keep, reconcile  # noqa: PLC0415 - loads both platforms' clients

    totals: Sequence[Total] | None = None
    moved: list[Stirred] = []
    notes: list[str] = []
    if stream:
        totals, signed, moved = _stream(session, night)
    else:
        signed, notes = _signatures(session)
    ours = None if totals is None else [each for each in totals if each.day == night]
    wish = Wish(night, settling, ours, signed.get(night))
    try:
        made = asyncio.run(reconcile(session.settings, contract, wish, Means(session.keeper(), note)))
    except Transient as error:
        said = f"{error.message}. Nothing was compared. Next: revmark check, then: revmark reconcile --night {night}"
        raise Transient(said, code=error.code) from error
    told = {"stirred": [each.says for each in moved if each.night != night], "notes": [*made.notes, *notes]}
    made = made.model_copy(update=told)
    keep(session.settings, made)
    if stream:
        _publish(session, contract, night, made)
    return made


def _stream(session: Session, night: str) -> tuple[Sequence[Total], dict[str, Signature], list[Stirred]]:
    """What the stream counted, what was signed, of all nights, and which of those the stream counts otherwise since.

    Raises:
        Transient: the broker does not answer. Workers may be at work all the same, and a reading that takes them for
            gone would renew Xero's grant, which leaves theirs dead.
    """
    try:
        with session.projection("totals", SIGNATURES, ROWS) as store:
            return find(store, Total, limit=EVERYTHING), _by_night(store), changed(store)
    except Transient as error:
        from streams.checkup.grant import untold  # noqa: PLC0415 - loads Kafka's client

        said = (
            f"{untold(session.settings)}. "
            "Nothing was read. Next: start the broker (`revmark broker`) or set REVMARK_BROKER; where no worker runs "
            f"anywhere: revmark reconcile --night {night} --no-stream"
        )
        raise Transient(said, code=error.code) from error


def _signatures(session: Session) -> tuple[dict[str, Signature], list[str]]:
    """What was signed, where the stream's totals are not asked for; and what a reader has to know of it.

    Without a broker it is what this machine read last: an alarm that it knows of is not hidden.
    """
    try:
        with session.projection(SIGNATURES) as store:
            return _by_night(store), []
    except Transient:
        away = f"no Kafka answers at {session.settings.broker}"
    with closing(Store(session.folder, read_only=True)) as store:
        read = store.as_of([SIGNATURES])
        known = f"who signed is known as of {moment(read)} UTC" if read else "nobody can say if the night is signed"
        return _by_night(store), [f"{known}: {away}"]


def _by_night(store: Store) -> dict[str, Signature]:
    return {each.night: each for each in find(store, Signature, limit=EVERYTHING)}


def _sign(session: Session, contract: Contract, made: Audit, who: str, why: str) -> None:
    """Keep a person's word on the night, or say why it cannot be."""
    from console.signing import sign, signature  # noqa: PLC0415 - loads Kafka's client

    over = made.night < business_day(made.at, contract.timezone)
    with session.projection(ROWS) as store:
        heard = settled(store, [made.night])[made.night]
    word = signature(made, who, why, over=over, heard=heard)
    with doing(session.settings, "sign", word.who, f"the night {made.night}", word.why):
        asyncio.run(sign(session.settings, word))
    note(f"signed by {word.who}: a later run that finds other totals or documents says ALARM", "green")


def _unwritable(path: Path, why: str) -> Refused:
    return Refused(f"the report cannot be written to {path}: {why}", code="usage")
