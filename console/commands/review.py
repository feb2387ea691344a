"""`revmark review`: what the contract asks a person about, and a person's answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from console.answering import carried_out, choice, done, side_of
from console.deeds import doing
from console.exits import NEEDS_PERSON
from console.options import DEFAULT_LIMIT, Customer, Document, Limit, Lines, Offline, Record, examples
from console.output import Cell, Sheet, moment, money_text, note, say, show, show_json, show_lines, value_text
from console.projection import reviews
from console.projection.delivery import topics_of
from console.projection.filters import Filters
from console.projection.listing import labels
from console.projection.reviews import Review
from console.session import Session, session_of
from schemas.choice import Choice
from schemas.errors import Refused
from schemas.money import Money
from schemas.names import Entity
from schemas.verdict import Verdict

app = typer.Typer(help="Answer what the contract asks a person about.", no_args_is_help=True, rich_markup_mode="rich")
Name = Annotated[str, typer.Argument(metavar="ID", help="as `revmark review list` names it, or its beginning")]
EARLIER = 10  # decisions about the same field that are shown beside a review


@app.command("list", epilog=examples("revmark review list", "revmark review list --type company --json"))
def list_(
    context: typer.Context,
    *,
    record: Record = None,
    customer: Customer = None,
    type: Annotated[Entity | None, typer.Option(help="kind of record")] = None,  # noqa: A002 - the option's name
    field: Annotated[str | None, typer.Option(help="only this field")] = None,
    rule: Annotated[str | None, typer.Option(help="only what this rule asks, as newest or monotonic")] = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """List the open questions, newest first. Exits 0, however many there are."""
    filters = Filters(record=record, customer=customer, type=type)
    with session_of(context).projection("decisions", "revenue", offline=offline) as store:
        found = [
            each
            for each in reviews.open_reviews(store, filters)
            if field in {None, each.verdict.field} and rule in {None, each.verdict.rule}
        ][:limit]
        names = labels(store, (each.verdict.customer for each in found))
    if json:
        show_lines(each.document() for each in found)
        return
    sheet = Sheet(
        ("id", "record", "customer", "field", "crm", "erp", "agreed before", "worth>", "rule", "since (UTC)"),
        empty="nothing waits for an answer",
    )
    for each in found:
        asked = each.verdict
        sheet.add(
            each.id,
            f"{asked.entity.value} {asked.label or asked.record}",
            names.get(asked.customer, ""),
            asked.field,
            value_text(asked.crm),
            value_text(asked.erp),
            value_text(asked.baseline),
            _worth(asked.money),
            asked.rule,
            moment(each.since),
        )
    show(sheet)


@app.command("show", epilog=examples("revmark review show 5f0c2a9b", "revmark review show 5f0c2a9b --json"))
def show_(context: typer.Context, name: Name, *, json: Document = False, offline: Offline = False) -> None:
    """Show one question whole: both values, what was agreed before, and what was decided about the field so far."""
    with session_of(context).projection("decisions", "revenue", offline=offline) as store:
        review = reviews.open_review(store, name)
        before = reviews.history(store, review.verdict, EARLIER)
        names = labels(store, [review.verdict.customer])
    if json:
        show_json({**review.document(), "history": [each.model_dump(mode="json") for each in before]})
        return
    asked = review.verdict
    say(f"{asked.entity.value} {asked.label or asked.record}, {asked.field}", "bold")
    for label, text in (
        ("why", asked.reason),
        ("CRM says", value_text(asked.crm)),
        ("ERP says", value_text(asked.erp)),
        ("before", value_text(asked.baseline)),
        ("worth", _worth(asked.money)),
        ("customer", names.get(asked.customer, asked.customer)),
        ("record", asked.record),
        ("rule", asked.rule),
        ("since", f"{moment(review.since)} UTC"),
        ("answer", f"revmark review choose {review.id} --side crm|erp|value=... --by NAME --why TEXT"),
    ):
        say(f"{label:<8}  {text}")
    if before:
        say("")
        show(_earlier(before))


@app.command(
    "choose",
    epilog=examples(
        'revmark review choose 5f0c2a9b --side crm --by kim --why "she called, the number is new"',
        'revmark review choose 5f0c2a9b --side "value=+64 4 100" --by kim --why "both are old"',
    ),
)
def choose(
    context: typer.Context,
    name: Name,
    *,
    side: Annotated[str, typer.Option(help="crm, erp, or value=... for another value on both sides (JSON, or text)")],
    by: Annotated[str, typer.Option(help="who decides; kept with the decision")],
    why: Annotated[str, typer.Option(help="the reason; kept with the decision")],
    wait: Annotated[float, typer.Option(min=0, help="seconds to wait until a worker has taken it up")] = 30.0,
) -> None:
    """Choose the value that stands. Exits 1 when it could not be carried out, 3 when no worker took it up in time."""
    session = session_of(context)
    answer = side_of(side)
    if not by.strip() or not why.strip():
        raise Refused(
            "--by and --why must say something: they are kept with the decision. Nothing was sent", code="usage"
        )
    with session.projection("decisions") as store:
        review = reviews.open_review(store, name)
    word = choice(review, answer, by.strip(), why.strip(), datetime.now(UTC))
    with doing(session.settings, "answer", word.who, review.id, word.why):
        _send(session, word, review, wait)


def _send(session: Session, word: Choice, review: Review, wait: float) -> None:
    from console.word import hand_over, place, turned_down  # noqa: PLC0415 - loads the Kafka client

    settings = session.settings
    facts = topics_of(settings).facts
    spot = hand_over(settings, place(settings, facts, f"{word.tenant}|{word.customer}", word), wait)
    if not wait:
        say("sent")
        return
    with session.projection("decisions", "quarantine") as store:
        if (refusal := turned_down(store, spot)) is not None:
            raise refusal
        came = reviews.answered(store, word.answer)
    _report(came, review)


def _report(came: list[Verdict], review: Review) -> None:
    if not came:
        note(
            "taken up, and nothing was decided: the record may have moved. Next: "
            f"revmark decisions --record {review.verdict.record}",
            "yellow",
        )
        raise typer.Exit(NEEDS_PERSON)
    if not carried_out(came[0]):
        note(came[0].reason, "red")
        raise typer.Exit(NEEDS_PERSON)
    for verdict in sorted(came, key=lambda each: str(each.written_to)):
        say(done(verdict), "green")


def _earlier(found: list[Verdict]) -> Sheet:
    sheet = Sheet(("time (UTC)", "ruling", "crm", "erp", "chosen", "rule", "by", "reason*"), title="Decided before")
    for each in found:
        ruling = Cell(each.ruling.replace("_", " "))
        values = (value_text(each.crm), value_text(each.erp), value_text(each.chosen))
        sheet.add(moment(each.at), ruling, *values, each.rule, each.who, each.reason)
    return sheet


def _worth(money: Money | None) -> str:
    return f"{money_text(money.amount, money.currency)} {money.currency}" if money else "-"
