"""A credit that waits: it is taken back when its order is wanted again; one that comes too late for its day is told."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from console.signing import signature
from schemas.audit import Audit, Signature
from schemas.names import Entity
from tests.simulation.auditing import audited
from tests.simulation.counter import Sale
from tests.simulation.people import DAY
from tests.simulation.planned import Theatre, theatre
from tests.simulation.story import MIDNIGHT
from tests.simulation.test_crediting import CREDITED, LINES, TOTAL, due, notes, settled
from tests.simulation.test_plan import release


def sold_and_shut(stage: Theatre) -> Sale:
    """An order whose bill is posted; after that nothing more is written."""
    stage.run(stage.world.sync())
    made = stage.run(stage.world.plan())
    release(stage, made, "everything")
    sold = Sale(stage, LINES)
    assert due(sold) == TOTAL
    release(stage, made, "nothing")
    return sold


def let_go(stage: Theatre, sold: Sale) -> None:
    """A person lets everything go that is asked for."""
    release(stage, stage.run(stage.world.plan()), "everything")
    sold.work()


def signed(stage: Theatre, night: Audit) -> Signature:
    """Finance signs a night."""
    return signature(night, "Kim", "what is called off waits", over=True).model_copy(update={"at": stage.world.hours()})


def test_the_gate_holds_a_credit_and_the_plan_shows_it_until_it_is_let_go():
    with theatre(gated=True, contract=CREDITED) as stage:
        sold = sold_and_shut(stage)
        sold.move("closedlost")
        (note,) = [write for write in stage.run(stage.world.plan()).writes if write.entity is Entity.CREDIT_NOTE]
        assert (note.label, note.fields["total"].becomes) == (f"RM-{sold.deal}-CR", "115.40")
        assert (notes(stage, sold), due(sold)) == ([], TOTAL)
        let_go(stage, sold)
        settled(stage, sold)


def test_won_again_while_its_credit_waits_it_is_billed_as_before_and_credited_when_it_is_called_off_again():
    with theatre(gated=True, contract=CREDITED) as stage:
        sold = sold_and_shut(stage)
        sold.move("closedlost")
        sold.move("closedwon")
        let_go(stage, sold)
        assert (notes(stage, sold), due(sold), sold.shown("order_status")) == ([], TOTAL, ["created"])
        assert len(sold.bills()) == 1
        sold.move("closedlost")
        settled(stage, sold)


def test_a_credit_is_of_its_own_day_and_leaves_the_bills_signed_day_as_it_is(tmp_path: Path):
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        stage.pass_by(MIDNIGHT + 7200)
        sold.work()
        word = signed(stage, audited(stage, DAY, tmp_path))
        sold.move("closedlost")
        settled(stage, sold)
        (note,) = notes(stage, sold)
        assert datetime.fromisoformat(str(note["Date"])[:10]) > datetime.fromisoformat(DAY)
        stage.pass_by(7200)
        assert audited(stage, DAY, tmp_path, word).alarms == []


def test_a_credit_that_was_let_go_after_its_day_was_signed_is_an_alarm_that_names_it(tmp_path: Path):
    with theatre(gated=True, contract=CREDITED) as stage:
        sold = sold_and_shut(stage)
        sold.move("closedlost")
        stage.pass_by(MIDNIGHT + 7200)
        before = audited(stage, DAY, tmp_path)
        word = signed(stage, before)
        let_go(stage, sold)
        stage.pass_by(7200)
        after = audited(stage, DAY, tmp_path, word)
        was = sum((each.erp.total for each in before.tallies if each.kind == "credit_note" and each.erp), Decimal(0))
        assert [each for each in after.alarms if "credit notes in Xero" in each] == [
            f"NZD credit notes in Xero: signed 0 of {was}, now 1 of {TOTAL}"
        ]
        assert f"RM-{sold.deal}-CR" in {each.number for each in after.touched}
