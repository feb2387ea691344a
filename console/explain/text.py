"""The explanation as people read it in a meeting: plain words, aligned; colours on a terminal only."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from agents.rules.decision import is_empty
from console.explain.document import Explanation, FieldNow, Owner, Standing, Step, Write
from console.explain.labels import PLATFORMS, SIDES, words
from console.output import Cell, Sheet, moment, say, show, value_text
from schemas.names import Side

DECIDES = {
    "crm": "the CRM", "erp": "the ERP", "newest": "the later edit", "review": "a person", "merge": "both",
    "waits": "not known yet", "nobody": "nobody", "unknown": "?",
}  # fmt: skip
STATES = {"asked": "yellow", "refused": "red", "differs": "yellow", "on its way": "cyan", "waits": "yellow"}
BECAME = {"written": "green", "refused": "red", "unknown": "yellow", "parked": "yellow"}
RULINGS = {
    "take_crm": "the CRM's value stands", "take_erp": "the ERP's value stands", "write_back": "written back",
    "review": "a person is asked", "hold": "held", "link": "linked", "propose": "proposed", "create": "created",
    "wait": "waits", "refuse": "refused", "merge": "both sides' changes are kept",
    "settle": "a person's value stands", "close": "no question any more",
    "retry": "a refused write is tried again",
    "automate": "told in the CRM", "withhold": "not told",
}  # fmt: skip


def show_explanation(found: Explanation, history: int) -> None:
    """Print it, with at most `history` verdicts."""
    _head(found)
    _standing(found.standing)
    _fields(found)
    _history(found, history)


def _head(found: Explanation) -> None:
    say(f"{found.label}  ({words(found.entity.value)}, {found.record})", "bold")
    for side, shown in found.sides.items():
        gone = "  deleted there" if shown.deleted else ""
        at = f"  as of {moment(shown.modified)} UTC" if shown.modified else ""
        say(f"  {SIDES[side]}       {PLATFORMS.get(shown.platform, shown.platform)}  {shown.ref}{at}{gone}")
    for side in Side:
        if side not in found.sides:
            say(f"  {SIDES[side]}       not there")
    if found.customer is not None:
        say(f"  customer  {_customer(found)}")
    for each in found.related:
        if each.role != "company":
            say(f"  {words(each.role):<8}  {each.label}  {each.record}")
    for each in found.holds:
        say(f"  {words(each.role):<8}  {each.label}  {each.record}")
    if found.contract is None:
        say(f"  contract  {found.problem}", "yellow")
        return
    say(f"  contract  {found.contract.name}, {found.contract.file}, digest {found.contract.digest}")
    if found.contract.others:
        digests = ", ".join(found.contract.others)
        say(f"            some verdicts below were given under another: {digests}", "yellow")


def _customer(found: Explanation) -> str:
    customer = found.customer
    if customer is None:
        return ""
    ordered = "has ordered" if customer.ordered else "prospect" if customer.settled else "not known whether it ordered"
    hold = {True: "on credit hold", False: "not on hold", None: "hold not known"}[customer.on_hold]
    agreed = {True: ", has given consent", False: ", no consent", None: ""}[customer.consent]
    named = "" if customer.record == found.record else f"{customer.label}  {customer.record}, "
    return f"{named}{ordered}, {hold}{agreed}"


def _standing(standing: tuple[Standing, ...]) -> None:
    if not standing:
        return
    say("\nStands still", "bold")
    for each in standing:
        about = f"{words(each.field)}: " if each.field else ""
        say(f"  {each.state}  {about}{each.says}", "yellow")
        if each.then:
            say(f"    then  {each.then}")
        say(f"    next  {each.next}")


def _fields(found: Explanation) -> None:
    say("\nFields", "bold")
    sheet = Sheet(
        ("field", "CRM*", "ERP*", "agreed on*", "stands", "decides", "why*"), empty="none: nothing of it is kept"
    )
    for each in found.fields:
        if each.owner.decides == "nobody" and is_empty(each.crm) and is_empty(each.erp) and not each.ever_agreed:
            continue  # nobody's business, and nothing there
        sheet.add(
            words(each.field),
            text(each.crm),
            text(each.erp),
            text(each.agreed) if each.ever_agreed else "never",
            Cell(_state(each), STATES.get(each.state, "")),
            DECIDES[each.owner.decides],
            _why(each.owner, found.contract.file if found.contract else ""),
        )
    show(sheet)


def _state(each: FieldNow) -> str:
    if each.on_its_way:
        return f"on its way to the {', '.join(SIDES[side] for side in each.on_its_way)}"
    return each.state


def _why(owner: Owner, main: str) -> str:
    line = owner.contract
    if line is None:
        return owner.why
    file = "" if line.file in {"", main} else f"{line.file}, "  # one that the contract includes
    where = f"{file}line {line.line}" if line.line else "not in the file"
    default = "" if line.written else f", {line.path} by default" if line.line else f": {line.path} by default"
    return f"{owner.why} ({where}{default})"


def _history(found: Explanation, limit: int) -> None:
    say("\nWhat was decided, newest first (UTC)", "bold")
    if found.nothing_decided:
        say(f"  nothing: {found.nothing_decided}")
    shown = found.history[:limit]
    for _, alike in groupby(shown, key=_sameness):
        _steps(list(alike))
    left = len(found.history) - limit
    if left > 0:
        say(f"  and {left:,} more: --history {len(found.history)}")
    if found.other_writes:
        say("\nOther writes", "bold")
        for write in found.other_writes:
            _write(write, "  ")
            say(f"      for       {write.reason or ', '.join(map(words, write.fields))}")
    meanings = {step.rule: step.meaning for step in shown if step.meaning}
    if meanings:
        say("\nWhat the rules mean", "bold")
        width = max(map(len, meanings))
        for rule, sentence in sorted(meanings.items()):
            say(f"  {rule:<{width}}  {sentence}")


def _sameness(step: Step) -> tuple[Any, ...]:
    """Verdicts that were given in one breath, for one reason, into one write are told together."""
    return step.at, step.ruling, step.rule, step.reason, step.write.command if step.write else ""


def _steps(alike: list[Step]) -> None:
    first = alike[0]
    about = ", ".join(words(step.field) for step in alike if step.field)
    ruled = RULINGS.get(first.ruling, words(first.ruling))
    say(f"  {moment(first.at)}  {about}: {ruled}" if about else f"  {moment(first.at)}  {ruled}")
    say(f"      because   {first.reason} ({first.rule})")
    for step in alike:
        evidence = [("agreed on", step.agreed), ("CRM", step.crm), ("ERP", step.erp)]
        told = [f"{name} {text(value)}" for name, value in evidence if not is_empty(value)]
        if told:
            named = f"{words(step.field)}: " if len(alike) > 1 else ""
            say(f"      evidence  {named}{'; '.join(told)}")
    if first.write is not None:
        _write(first.write, "      ")


def _write(write: Write, indent: str) -> None:
    where = PLATFORMS.get(write.platform, write.platform)
    at = f" {moment(write.at)}" if write.at and write.became != "asked for" else ""
    tries = f", {write.attempts} tries" if write.attempts > 1 else ""
    until = f", not before {moment(write.until)}" if write.until and write.became in {"parked", "unknown"} else ""
    said = f": {write.message}" if write.message else ""
    say(
        f"{indent}write     {write.kind} in {where}, {write.became}{at}{tries}{until}{said} (command {write.command})",
        BECAME.get(write.became, ""),
    )


def text(value: Any) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(_line(each) for each in value) or "-"
    return value_text(value)


def _line(value: Any) -> str:
    if not isinstance(value, dict) or "quantity" not in value:
        return value_text(value)
    what = value.get("sku") or value.get("description") or "?"
    return f"{value['quantity']} x {what} at {value.get('unit_price')}"
