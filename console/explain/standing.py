"""Standing: what does not go on by itself, why, what ends it, and the command to run next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from agents.rules.decision import is_empty, same
from agents.rules.placing import WAITING, Waits
from console.explain.document import Standing, State, Write
from console.explain.labels import PLATFORMS, spelt, words
from console.output import moment, money_text, value_text
from console.projection.filters import Filters
from console.projection.listing import EVERYTHING, find, quarantined
from console.projection.store import Store
from console.projection.summary import open_proposals
from schemas.totals import Variance
from schemas.verdict import Verdict
from tables.entities import EntityState

CALLED_OFF = "called off: "
# What is left to somebody, and to us; the rest is done.
FOR_PEOPLE, CREDITING = (" in the ERP", "Mend it"), " is being credited"
# How the status of an order begins that does not go through, or is not billed yet -> what that is.
STOPPED: dict[str, tuple[State, str]] = {
    "held: ": ("held", ""),
    "invoice refused: ": ("refused", "mend what the ERP names, on the deal or its company; it is tried again then"),
    CALLED_OFF: ("held", "what was billed is corrected with a credit note, or voided, in the ERP"),
    "paused: ": ("waits", "it goes on when the deal is in a stage again in which it runs"),
    "created: ": ("waits", "what is not billed yet is billed by itself when it is shipped"),
}
# What ends a hold, by the rule that holds.
ENDS = {
    "guard.credit_hold": "it goes on by itself once the ERP says that the customer is off hold",
    "guard.posted_immutable": "what was billed is corrected with a credit note, or voided, in the ERP",
    "required": "fill in what is missing; it goes on by itself",
    "timing": "nothing follows by itself: bill it by hand in the ERP if it is due",
}


def latest(verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    """The last verdict about each field; `verdicts` are in their order. An answer not carried out decides nothing."""
    refused = ("refuse", "person")
    return {
        verdict.field: verdict
        for verdict in verdicts
        if verdict.rule != "identity" and (verdict.ruling, verdict.rule) != refused
    }


def asked(state: EntityState, verdicts: Sequence[Verdict]) -> set[str]:
    """Fields on which a person was asked, and whose sides still differ."""
    erp = {**state.erp.fields, **state.derived}
    return {
        name
        for name, verdict in latest(verdicts).items()
        if verdict.ruling == "review" and not same(state.crm.fields.get(name), erp.get(name))
    }


def of_record(state: EntityState, verdicts: Sequence[Verdict], writes: Sequence[Write], owner: str) -> list[Standing]:
    """What holds a record that is known; `owner` is its customer."""
    return [*_order(state, verdicts, owner), *_held(state, verdicts), *_writes(state, writes)]


def _order(state: EntityState, verdicts: Sequence[Verdict], owner: str) -> Iterator[Standing]:
    """A won deal whose order or invoice does not go through. That its status is shown in the CRM is decided later."""
    status = str(state.derived.get("order_status") or "")
    begins = next((each for each in STOPPED if status.startswith(each)), None)
    if begins is None or not state.crm.present:
        return
    word, then = STOPPED[begins]
    if begins == CALLED_OFF and not any(each in status for each in FOR_PEOPLE):
        if CREDITING not in status:
            return
        word, then = "waits", "it goes on by itself: the credit note is made, then allocated"
    rule = next(
        (each.rule for each in reversed(verdicts) if each.ruling == "hold" and each.field == "order_status"), ""
    )
    elsewhere = word == "refused" or (word == "held" and rule == "guard.credit_hold")
    yield Standing(
        state=word,
        field="order_status",
        says=status if word == "refused" else status.removeprefix(begins),
        then=then or ENDS.get(rule, ""),
        next=f"revmark explain {owner}" if elsewhere else f"revmark decisions --record {state.id}",
    )


def _held(state: EntityState, verdicts: Sequence[Verdict]) -> Iterator[Standing]:
    waiting = asked(state, verdicts)
    for name, verdict in latest(verdicts).items():
        if name in waiting:
            yield Standing(
                state="review",
                field=name,
                says=f"{verdict.reason}: the CRM says {_short(verdict.crm)}, the ERP says {_short(verdict.erp)}",
                then="choose a value, or make both sides equal in either system; Revmark goes on by itself",
                next=f"revmark review show {verdict.id}",
            )
        elif verdict.ruling in {"hold", "wait"} and not state.derived.get(name) and _there(state):
            yield Standing(
                state="held" if verdict.ruling == "hold" else "waits",
                field=name,
                says=verdict.reason,
                then=ENDS.get(verdict.rule, ""),
                next=f"revmark decisions --record {state.id}",
            )


def _there(state: EntityState) -> bool:
    return state.crm.present or state.erp.present


def _writes(state: EntityState, writes: Sequence[Write]) -> Iterator[Standing]:
    for place, write in enumerate(writes):
        later = any(each.became == "written" and each.side is write.side for each in writes[place + 1 :])
        where = PLATFORMS.get(write.platform, write.platform)
        if write.became == "refused" and not later:
            yield Standing(
                state="refused",
                field=", ".join(write.fields) if write.kind == "update" else "",
                says=f"{where} refused it: {write.message or write.code}",
                then="mend the value it names; the same one is not tried again",
                next=f"revmark ledger --record {state.id} --state refused",
            )
        elif write.became in {"parked", "unknown"}:
            until = f", not tried again before {moment(write.until)} UTC" if write.until else ""
            said = "it is not known whether it arrived" if write.became == "unknown" else "the write waits"
            yield Standing(
                state="unknown" if write.became == "unknown" else "parked",
                field=", ".join(write.fields) if write.kind == "update" else "",
                says=f"{said}{until}: {write.message or write.code or 'its turn has not come'}",
                then="it is looked up and goes on by itself" if write.became == "unknown" else "it goes on by itself",
                next="revmark check",
            )


def of_names(store: Store, record: str, references: Sequence[str]) -> list[Standing]:
    """What stands under a record's id or its references: quarantine, proposals, variances."""
    return [
        *_quarantined(store, [record, *references]),
        *_proposed(store, references),
        *_variances(store, record),
    ]


def _quarantined(store: Store, about: Sequence[str]) -> Iterator[Standing]:
    for each in about:
        for held in quarantined(store, Filters(record=each, state="held"), EVERYTHING):
            yield Standing(
                state="quarantined",
                says=f"{held.name}, since {moment(held.at)} UTC: {held.reason}",
                then="mend the cause, then put it back; or drop it",
                next=f"revmark quarantine replay {held.name}",
            )


def _proposed(store: Store, references: Sequence[str]) -> Iterator[Standing]:
    for verdict in open_proposals(store):
        if {verdict.crm, verdict.erp} & set(references):
            yield Standing(
                state="proposed",
                says=f"{spelt(str(verdict.crm))} and {spelt(str(verdict.erp))} may be one: same domain or name",
                then="say whether they are one (--yes) or two (--no)",
                next=f'revmark link {verdict.crm} {verdict.erp} --yes --why "..."',
            )


def _variances(store: Store, record: str) -> Iterator[Standing]:
    for variance in find(store, Variance, Filters(record=record, state="open"), EVERYTHING):
        yield Standing(
            state="variance",
            field=variance.figure,
            says=f"{words(variance.kind)}: {_sides(variance)}, for {variance.day}",
            then="it closes by itself when both sides say the same",
            next=f"revmark reconcile --night {variance.day}",
        )


def _sides(variance: Variance) -> str:
    """What each side says of the document; one that has it no longer, or not yet, says nothing of it."""
    texts = (
        f"{money_text(each, variance.currency)} {variance.currency}" for each in variance.figures if each is not None
    )
    told = {side: next(texts) for side, each in zip(("CRM", "ERP"), variance.figures, strict=True) if each is not None}
    if len(told) > 1:
        return f"the CRM says {told['CRM']}, the ERP says {told['ERP']}"
    (side, text), other = next(iter(told.items())), "ERP" if "CRM" in told else "CRM"
    gone = "it is deleted, void or a draft" if variance.kind == "void" else "it is not"
    return f"the {side} says {text}, and in the {other} {gone}"


def of_sighting(waits: Waits | None, reference: str, platform: str) -> list[Standing]:
    """What holds a record that nobody knows the owner of yet."""
    if waits is None:
        return []
    on = " and ".join(spelt(each) for each in waits.on) or "another record"
    then = {
        "record": "it goes on by itself when that one is seen",
        "twin": "correct the id that it names, or clear it",
        "readings": "it goes on by itself when both first readings are over",
        "person": "say whether they are one",
        "conflict": "give one of the two the right id, or merge them",
        "unattached": f"associate it with a company in {PLATFORMS.get(platform, platform)}",
        "moved": "settle in both systems what moved",
        "ignored": "",
    }[waits.why]
    follow = waits.on[0] if waits.on else reference
    return [
        Standing(
            state="waits",
            says=WAITING[waits.why].format(on=on),
            then=then,
            next="revmark links" if waits.why == "person" else f"revmark explain {spelt(follow)}",
        )
    ]


def _short(value: Any) -> str:
    return "nothing" if is_empty(value) else value_text(value)
