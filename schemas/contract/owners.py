"""Owners by state: gaps, contradictions, and states that there are not.

In: one field's rule. Out: what lint says of its owners. A *gap* is a situation that nobody owns, a *contradiction* one
that two states of the map cover with different owners.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Literal

from schemas.contract.model import FieldRule
from schemas.contract.states import OTHERWISE, STATES, situations
from schemas.names import Entity, Side

NOBODYS = frozenset({Entity.PRODUCT})  # records that belong to no customer
OWNED = frozenset({"owner", "monotonic"})  # the policies that have an owner
# Amounts whose fall can be explained, and by what. Everything else that is monotonic falls only when a person says so.
EVIDENCE: dict[tuple[Entity, str], str] = {
    (Entity.INVOICE, "amount_paid"): "a payment of the invoice that the ERP shows as taken back",
    (Entity.DEAL, "amount_paid"): "a payment of its invoice that the ERP shows as taken back",
}
Said = tuple[Literal["error", "warning"], str]
# Fields that one side alone can hold: with nothing to compare, a rule for them decides nothing.
ONE_SIDED: dict[Entity, frozenset[str]] = {
    Entity.COMPANY: frozenset({"consent", "crm_id", "domain", "erp_id", "lifecycle", "owner", "subsidiary"}),
    Entity.DEAL: frozenset({"closed_at", "lines", "name", "stage", "subsidiary"}),
    Entity.PRODUCT: frozenset({"erp_id"}),
    Entity.INVOICE: frozenset({"amount_prepaid", "currency_rate", "erp_id", "lines", "reference", "subtotal", "tax"}),
}


def owners(entity: Entity, rule: FieldRule) -> Iterator[Said]:
    """What is wrong with a rule's owners."""
    if isinstance(rule.owner, dict):
        yield from _map(entity, rule, rule.owner)
    if rule.policy not in OWNED and (rule.owner or rule.then or rule.until):
        yield "error", f"policy {rule.policy!r} knows no owner: remove owner, until and then"
    elif rule.policy in OWNED and not rule.owner:
        yield "error", f"policy {rule.policy!r} needs an owner: crm or erp, or one for each state"
    if rule.policy == "monotonic" and "review" in rule.owners:
        yield "error", "policy 'monotonic' needs an owner in every state: crm or erp"
    if (rule.until is None) != (rule.then is None):
        yield "error", "'until' and 'then' belong together"
    if rule.then is not None and rule.then == rule.owner:
        yield "warning", f"'then' names the owner it already has ({rule.owner})"
    if rule.until is not None and entity in NOBODYS:
        yield "warning", f"the first order is never seen here: a {_word(entity)} has no customer whose it were"


def finance(rule: FieldRule) -> Iterator[Said]:
    """What finance does not allow: its fields are owned, by the ERP."""
    if rule.policy not in OWNED or "review" in rule.owners:
        yield "error", "a finance field is owned, never decided by time or left to review"
    if Side.CRM in rule.owners:
        yield "error", "a finance field belongs to the ERP"


def monotonic(entity: Entity, name: str, *, amount: bool, own: bool) -> Iterator[Said]:
    """What is wrong with a field that may not fall: it is no amount, or nothing can ever explain its fall."""
    if not amount:
        yield "error", "policy 'monotonic' compares amounts, and this is none"
    elif own:
        yield "warning", "no refund can be named for a field of your own: each fall is asked about"
    elif (entity, name) not in EVIDENCE:
        known = ", ".join(sorted(f"{each.value}.{field}" for each, field in EVIDENCE))
        said = f"policy 'monotonic' knows no evidence that lets {_word(entity)}.{name} fall, so each fall would wait"
        yield "error", f"{said} for a person. It is for {known}; elsewhere write owner: erp"


def one_sided(entity: Entity, name: str, *, billed: bool) -> Iterator[Said]:
    """A rule for a field that only one side can hold, or that goes to the other once, with the bill."""
    if billed or name in ONE_SIDED.get(entity, ()):
        yield "warning", "only one side can hold it: there is nothing to compare, and the rule decides nothing"


def _map(entity: Entity, rule: FieldRule, named: dict[str, Side | Literal["review"]]) -> Iterator[Said]:
    if rule.until is not None or rule.then is not None:
        yield "error", "an owner for each state needs no 'until' and 'then': remove them"
    states = STATES.get(entity)
    if states is None:
        yield "error", f"a {_word(entity)} has no states: name one owner"
        return
    yield from _unknown(entity, [*states, OTHERWISE], named)
    gaps = []
    for situation in situations(entity):
        claims = rule.claims(entity, situation)
        if len(set(claims.values())) > 1:
            told = ", ".join(f"{owner} by {state!r}" for state, owner in claims.items())
            yield "error", f"two owners while it is {situation!r}: {told}"
        if not claims:
            gaps.append(situation)
    if gaps and OTHERWISE not in named:
        yield "error", f"nobody owns it while it is {_either(gaps)}: name crm, erp or review, or say 'otherwise'"
    if not gaps and OTHERWISE in named:
        yield "warning", "'otherwise' never applies: the states named before it are all there are"
    if len(rule.owners) == 1 and named:
        yield "warning", f"it has the same owner in every state: write owner: {next(iter(rule.owners))}"


def _unknown(entity: Entity, known: list[str], named: Iterable[str]) -> Iterator[Said]:
    for state in named:
        if state not in known:
            near = difflib.get_close_matches(state, known, n=1)
            hint = f": did you mean {near[0]!r}?" if near else f": there are {', '.join(known)}"
            yield "error", f"a {_word(entity)} has no state {state!r}{hint}"


def _either(names: list[str]) -> str:
    shown = [repr(name) for name in names]
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def _word(entity: Entity) -> str:
    return entity.value.replace("_", " ")
