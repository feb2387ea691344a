"""What must hold for any facts in any order: rest, repetition, and independence of order."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.fact import Fact
from schemas.names import Side
from schemas.wire import Wire
from tests.support.judging import Court, company, deal, fact, invoice, linked, payment
from tests.unit.agents.telling import met

Edits = list[tuple[str, dict[str, object]]]
QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(QUICK, max_examples=60)
PHONES = st.sampled_from([None, "1", "2", "3"])
STAGES = st.sampled_from(["proposal", "closedwon"])
EDITS = st.lists(
    st.one_of(
        st.builds(lambda phone, name: ("crm", {"phone": phone, "name": name}), PHONES, st.sampled_from(["Acme", "A"])),
        st.builds(lambda phone, hold: ("erp", {"phone": phone, "credit_hold": hold}), PHONES, st.booleans()),
        st.builds(lambda stage: ("crm", {"lifecycle": stage}), st.sampled_from(["lead", "customer", "evangelist"])),
        st.builds(lambda stage: ("deal", {"stage": stage}), STAGES),
        st.builds(lambda terms: ("crm", {"payment_terms": terms}), st.sampled_from(["1 X", None])),
    ),
    max_size=8,
)


def story(edits: Edits) -> list[Fact]:
    """Edits a minute apart, each on top of what its side showed before."""
    held: dict[str, dict[str, object]] = {"crm": {}, "erp": {"crm_id": "acme-crm"}, "deal": {}}
    makers = {"crm": linked, "erp": lambda at, **kept: company(Side.ERP, at, **kept), "deal": deal}
    found = []
    for number, (where, fields) in enumerate(edits):
        held[where].update(fields)
        found.append(makers[where](60 * (number + 1), **held[where]))  # type: ignore[operator]
    return found


@given(EDITS)
@QUICK
def test_whatever_people_edit_both_sides_come_to_rest_and_agree_or_a_person_is_asked(edits: Edits):
    court = Court().known_everywhere()
    for finding in story(edits):
        court.hear(finding)
    court.settle()
    state = court.state()
    asked = {verdict.field for verdict in court.verdicts() if verdict.ruling == "review"}
    for name in ("name", "phone", "payment_terms", "credit_hold"):
        assert name in asked or state.shown(Side.CRM)[name] == state.shown(Side.ERP)[name], name
    assert state.shown(Side.CRM)["credit_hold"] == court.customer().hold
    assert court.told().count("order_created") <= 1
    assert (
        sum(count for (side, record), count in court.made.items() if record.startswith("invoice") and side == "erp")
        <= 1
    )
    if not court.customer().ordered:
        assert state.shown(Side.CRM)["lifecycle"] not in {"customer", "evangelist"}


@given(EDITS, st.data())
@QUICK
def test_redelivering_any_prefix_changes_nothing_and_asks_for_nothing(edits: Edits, data: st.DataObject):
    heard: list[Wire] = []
    court = Court()
    for finding in [company(Side.ERP, alone=False), company(Side.CRM, alone=False), *story(edits)]:
        court.hear(finding)
        heard.append(finding)
        for command in [one for one in court.commands() if one.id not in court.answered]:
            answers = court.carry_out(command)
            court.hear(*answers)
            heard += answers
    before = dict(court.records.rows), dict(court.customers.rows), len(court.commands()), court.told()
    result = court.hear(*heard[: data.draw(st.integers(0, len(heard)))])
    assert result.refused == []
    assert (court.records.rows, court.customers.rows, len(court.commands()), court.told()) == before


@given(EDITS)
@QUICK
def test_the_same_findings_over_the_same_state_ask_for_the_same_commands(edits: Edits):
    findings = [company(Side.ERP, alone=False), company(Side.CRM, alone=False), *story(edits)]
    one, other = Court(), Court()
    one.hear(*findings)
    for finding in findings:
        other.hear(finding)
    assert one.outputs == other.outputs
    assert one.records.rows == other.records.rows


INDEPENDENT: list[Fact] = [
    *(invoice(nth, record=f"invoice:{nth}", number=f"INV-{nth}", amount_due=f"{nth}.00") for nth in range(1, 5)),
    invoice(30, record="invoice:9", currency="USD", status="voided", amount_due="0.00"),
    payment(5, record="payment:1", amount="5.00"),
    payment(6, record="payment:2", amount="6.00", date="2026-09-04"),
    payment(7, record="payment:3", amount="7.00", refund=True),
    deal(8, record="deal:1", stage="proposal"),
    deal(9, record="deal:2"),
]  # fmt: skip


@given(st.permutations(INDEPENDENT))
@QUICK
def test_facts_of_independent_records_end_in_the_same_state_in_any_order(order: list[Fact]):
    def ended(findings: Sequence[Fact]) -> object:
        court = Court()
        court.hear(company(Side.ERP, alone=False), company(Side.CRM, alone=False))
        court.hear(*findings)
        court.settle()
        customer = court.customer()
        records = {
            row["id"]: (row["crm"]["fields"], row["erp"]["fields"], row["derived"])
            for row in court.records.rows.values()
        }
        return customer.balances, customer.payments, customer.hold, customer.ordered, records, sorted(court.told())

    assert ended(order) == ended(INDEPENDENT)


CONFLICTING: list[Fact] = [
    company(Side.ERP, 10, phone="1", alone=False),
    company(Side.ERP, 20, phone="2", alone=False),
    company(Side.CRM, 15, phone="3", alone=False),
    company(Side.CRM, 40, phone="4", alone=False, name="Acme Ltd"),
]


@given(st.permutations(CONFLICTING))
@QUICK
def test_the_sides_facts_in_any_order_end_with_the_same_values(order: list[Fact]):
    court = Court()
    court.hear(*order)
    court.settle()
    assert court.shown(Side.CRM, "phone", "name") == court.shown(Side.ERP, "phone", "name") == ["4", "Acme Ltd"]


STAGED = st.lists(st.sampled_from(["lead", "subscriber", "customer", "evangelist", None]), min_size=1, max_size=4)


@given(STAGED, st.booleans(), st.sampled_from([None, 1, 2, 3]), st.data())
@MANY
def test_stages_that_people_enter_end_alike_in_any_order_though_a_write_does_not_arrive(
    stages: list[str | None],
    won: bool,  # noqa: FBT001 - drawn
    overtaken: int | None,
    data: st.DataObject,
):
    def ended(*, shuffled: bool) -> list[object]:
        found = met()
        for number, stage in enumerate(stages):
            found.edit(110 + 10 * number, Side.CRM, lifecycle=stage)
        found.facts += [deal(200)] if won else []
        found.restless = overtaken if shuffled else None
        found.tell(tuple(data.draw(st.permutations(found.facts)) if shuffled else found.facts))
        return [found.held[Side.CRM]["lifecycle"], *found.court.shown(Side.CRM, "lifecycle")]

    assert ended(shuffled=True) == ended(shuffled=False)


def test_a_fact_of_nobody_knows_no_harm():
    court = Court()
    result = court.hear(fact(company(Side.CRM).entity, Side.CRM, {}, deleted=True))
    assert result.outputs == []


@given(EDITS, st.data())
@QUICK
def test_whatever_the_platforms_refuse_nothing_is_asked_for_without_end(edits: Edits, data: st.DataObject):
    court = Court().known_everywhere()
    for finding in story(edits):
        court.hear(finding)
    court.settle(refuse=lambda _: data.draw(st.booleans()))
    assert court.told().count("order_created") <= 1
