"""`revmark links` and `revmark link`: what may be one record, and a person's word on what is and is not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agents.rules.duplicates import Customer, Pair
from agents.rules.duplicates import duplicates as detect
from console.deeds import account, doing
from console.options import DEFAULT_LIMIT, Limit, Lines, Offline, examples
from console.output import Sheet, moment, note, say, show, show_lines
from console.projection.summary import open_proposals
from console.session import Session, session_of
from console.suspects import customers_of
from schemas.errors import Refused, Transient

if TYPE_CHECKING:  # it loads the Kafka client
    from console.word import Word

EXAMPLES = examples("revmark links", "revmark links --json")
LINK_EXAMPLES = examples(
    'revmark link hubspot/company/17 xero/contact/4f0c... --yes --why "same VAT number"',
    'revmark link hubspot/company/17 xero/contact/4f0c... --no --why "a namesake in another city"',
)
RELINK_EXAMPLES = examples(
    'revmark links relink hubspot/company/17 xero/contact/9b1d... --by kim --why "linked with a namesake"'
)
UNLINK_EXAMPLES = examples(
    'revmark links unlink hubspot/company/17 xero/contact/4f0c... --by kim --why "two branches, billed apart"'
)
DUPLICATES_EXAMPLES = examples("revmark links duplicates", "revmark links duplicates --min-score 80 --json")
LIKELY = 40  # the score of a shared e-mail address: one key that says something by itself
PARTS = 3  # of a reference: platform, kind, id
UNSENT = "Nothing was sent. Next: revmark links"


app = typer.Typer(rich_markup_mode="rich", invoke_without_command=True, epilog=EXAMPLES)
Left = Annotated[str, typer.Argument(help="the CRM's record, as hubspot/company/17")]
Right = Annotated[str, typer.Argument(help="the ERP's record, as xero/contact/4f0c...")]
Why = Annotated[str, typer.Option("--why", help="the reason; it is kept with the decision")]
By = Annotated[str | None, typer.Option("--by", help="you, if not given")]
Wait = Annotated[float, typer.Option(min=0, help="seconds to wait until a worker has taken it up")]
Leave = Annotated[bool, typer.Option("--leave-invoices", help="posted invoices stay with the ERP's present record")]


@app.callback()
def command(
    context: typer.Context, *, limit: Limit = DEFAULT_LIMIT, json: Lines = False, offline: Offline = False
) -> None:
    """Show the links that were proposed and wait for a person; change one that is there."""
    if context.invoked_subcommand is not None:
        return
    with session_of(context).projection("decisions", offline=offline) as store:
        found = open_proposals(store)[:limit]
    if json:
        show_lines(found)
        return
    sheet = Sheet(("crm record", "erp record", "name", "since (UTC)", "reason*"), empty="no links are proposed")
    for verdict in found:
        sheet.add(str(verdict.crm), str(verdict.erp), verdict.label, moment(verdict.at), verdict.reason)
    show(sheet)


def link(
    context: typer.Context,
    left: Left,
    right: Right,
    *,
    same: Annotated[bool, typer.Option("--yes/--no", help="whether the two are one")],
    why: Why,
    who: Annotated[str | None, typer.Option("--who", help="you, if not given")] = None,
    wait: Wait = 30.0,
) -> None:
    """Say that two records are one, or are not. Exits 3 when no worker took it up in time (it stays on the topic)."""
    done = f"{left} and {right} are now one" if same else f"{left} and {right} are kept apart"
    _say(context, left, right, "answer", done=done, same=same, why=why, who=who, wait=wait)


@app.command(epilog=RELINK_EXAMPLES)
def relink(
    context: typer.Context,
    left: Left,
    right: Right,
    *,
    why: Why,
    by: By = None,
    leave: Leave = False,
    wait: Wait = 30.0,
) -> None:
    """Give a company of the CRM another contact of the ERP.

    Its open deals and its people go with it; deals that are billed stay with the contact that was billed. Refused (exit
    1) where posted invoices would stay behind, unless --leave-invoices says that they may.
    """
    done = f"{left} and {right} are one from now on"
    _say(context, left, right, "relink", done=done, why=why, who=by, wait=wait, leave=leave)


@app.command(epilog=UNLINK_EXAMPLES)
def unlink(
    context: typer.Context,
    left: Left,
    right: Right,
    *,
    why: Why,
    by: By = None,
    leave: Leave = False,
    wait: Wait = 30.0,
) -> None:
    """Part two records that are one.

    The ERP's keeps its documents; neither is made anew on the other side until it is linked again. Refused (exit 1)
    where posted invoices would stay behind, unless --leave-invoices says that they may.
    """
    done = f"{left} and {right} are two from now on"
    _say(context, left, right, "unlink", done=done, same=False, why=why, who=by, wait=wait, leave=leave)


@app.command(epilog=DUPLICATES_EXAMPLES)
def duplicates(
    context: typer.Context,
    *,
    least: Annotated[int, typer.Option("--min-score", min=0, max=100, help="leave out what scores less")] = LIKELY,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
) -> None:
    """Show customers that may be one, with the reasons and a score from 0 to 100. Nothing is linked or merged by it."""
    from console.recorded import Reader  # noqa: PLC0415 - loads the Kafka client

    settings = session_of(context).settings
    try:
        accounts = asyncio.run(Reader(settings).accounts())
    except Transient as error:
        said = f"{error.message}. Nothing was read. Next: start the broker (`revmark broker`) or set REVMARK_BROKER"
        raise Transient(said, code=error.code) from error
    found = detect(customers_of(accounts, settings.tenant), least=least)
    for key, number in found.crowded:
        note(f"{number} customers share the {key}: that is taken for no evidence")
    if json:
        show_lines(map(_pair, found.pairs[:limit]))
        return
    sheet = Sheet(
        ("score>", "customer", "customer", "reasons*", "if they are one*"), empty="no duplicates are suspected"
    )
    for pair in found.pairs[:limit]:
        names = (_name(each) for each in (pair.left, pair.right))
        sheet.add(str(pair.score), *names, "; ".join(pair.reasons), pair.advice)
    show(sheet)


def _name(customer: Customer) -> str:
    return f"{customer.label} ({', '.join(each for each in (customer.crm, customer.erp) if each)})"


def _pair(pair: Pair) -> dict[str, object]:
    sides = {
        side: {"record": each.record, "name": each.label, "crm": each.crm, "erp": each.erp}
        for side, each in (("left", pair.left), ("right", pair.right))
    }
    return {"score": pair.score, **sides, "reasons": list(pair.reasons), "advice": pair.advice}


def _say(
    context: typer.Context, left: str, right: str, act: Literal["answer", "relink", "unlink"], *, done: str, why: str,
    who: str | None, wait: float, same: bool = True, leave: bool = False,
) -> None:  # fmt: skip
    session = session_of(context)
    left, right = check(left, right, why)
    from console.word import Word  # noqa: PLC0415 - loads the Kafka client

    who = who or account()
    word = Word(session.settings, left, right, same=same, who=who, why=why.strip(), act=act, leave=leave)
    with doing(session.settings, word.called, who, word.about, why):
        _send(session, word, done, wait)


def _send(session: Session, word: Word, done: str, wait: float) -> None:
    from console.word import hand_over, put, turned_down  # noqa: PLC0415 - as above

    place = hand_over(session.settings, put(word), wait)
    if not wait:
        say("sent")
        return
    with session.projection("quarantine", "decisions") as store:
        if (refusal := turned_down(store, place)) is not None:
            raise refusal
    say(done, "green")


def _slashed(reference: str) -> str:
    return reference if "/" in reference else reference.replace(":", "/", PARTS - 1)


def check(left: str, right: str, why: str) -> tuple[str, str]:
    """Both references, as `revmark links` or `revmark explain` spells them, in the spelling of the topics."""
    named = _slashed(left), _slashed(right)
    for reference, platform in zip(named, ("hubspot", "xero"), strict=True):
        parts = reference.split("/", PARTS - 1)
        if len(parts) != PARTS or not all(parts):
            raise Refused(
                f"{reference!r} is no reference: write <platform>/<kind>/<id>, as `revmark links` shows them. {UNSENT}"
            )
        if parts[0] != platform:
            raise Refused(f"{reference!r} is not on {platform}: first the CRM's record, then the ERP's. {UNSENT}")
    if not why.strip():
        raise Refused(f"--why must say something: it is kept with the decision. {UNSENT}")
    return named
