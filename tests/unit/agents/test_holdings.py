"""Holdings: what a platform keeps unique, and what it would say to a second one."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agents.holdings import Holdings
from schemas.command import Command
from schemas.errors import Refused
from schemas.names import Entity, Side
from streams.platforms.registry import forecasts
from tests.support.contracts import shipped

AT = datetime(2026, 9, 1, tzinfo=UTC)


def side(ref: str | None = None, *, deleted: bool = False, **fields: Any) -> dict[str, Any]:
    return {"ref": ref, "deleted": deleted, "fields": fields}


def holdings(
    *rows: tuple[str, dict[str, Any], dict[str, Any]], waiting: list[dict[str, Any]] | None = None, customer: str = "k"
) -> Holdings:
    made = Holdings(forecasts(shipped()))
    accounts = {
        f"r|t|{customer}|{number}": {"entity": row[0], "crm": row[1], "erp": row[2]} for number, row in enumerate(rows)
    }
    made.read({"v|one": {"s": waiting or []}, "i|one": {}}, accounts)
    return made


def command(entity: Entity, kind: str, ref: str | None = None, **fields: Any) -> Command:
    platform = "hubspot" if entity is Entity.CONTACT else "xero"
    named = {"id": "c", "tenant": "t", "connection": "x", "customer": "k", "record": "r", "at": AT}
    on = Side.CRM if platform == "hubspot" else Side.ERP
    return Command.model_validate(
        {**named, "platform": platform, "side": on, "kind": kind, "entity": entity, "ref": ref, "fields": fields}
    )


TUI = ("company", side("hubspot/company/1", name="Tui"), side("xero/contact/1", name="Tui"))


@pytest.mark.parametrize("name", ["Tui", " tui "])
@pytest.mark.parametrize(("kind", "ref"), [("create", None), ("update", "xero/contact/2")])
def test_a_second_contact_of_one_name_is_refused(kind: str, ref: str | None, name: str):
    with pytest.raises(Refused, match="already assigned to another contact"):
        holdings(TUI).joined(command(Entity.COMPANY, kind, ref, name=name))


def test_a_record_keeps_its_own_name_and_another_takes_one_that_is_free():
    known = holdings(TUI)
    assert known.joined(command(Entity.COMPANY, "update", "xero/contact/1", name="TUI")) is None
    known.note(Entity.COMPANY, "xero/contact/1", {"name": "Tui Robotics"})
    assert known.joined(command(Entity.COMPANY, "create", name="Tui")) is None
    with pytest.raises(Refused):
        known.joined(command(Entity.COMPANY, "create", name="Tui Robotics"))


def test_an_archived_contact_keeps_no_name():
    gone = ("company", side(), side("xero/contact/1", deleted=True, name="Tui"))
    assert holdings(gone).joined(command(Entity.COMPANY, "create", name="Tui")) is None


def test_somebody_who_waits_is_there_all_the_same():
    lone = {"entity": "contact", "ref": "hubspot/contact/9", "fields": {"email": "a@b.example"}, "deleted": False}
    found = holdings(waiting=[lone]).joined(command(Entity.CONTACT, "create", email="A@b.example"))
    assert found is not None
    assert found.ref == "hubspot/contact/9"
    assert holdings().joined(command(Entity.CONTACT, "create", email="a@b.example")) is None


def test_an_address_of_somebody_else_is_refused_to_an_update():
    ann = ("contact", side("hubspot/contact/9", email="a@b.example"), side())
    with pytest.raises(Refused, match="already has the e-mail"):
        holdings(ann).joined(command(Entity.CONTACT, "update", "hubspot/contact/8", email="a@b.example"))


def test_somebody_of_another_customer_is_not_joined():
    ann = ("contact", side("hubspot/contact/9", email="a@b.example"), side())
    create = command(Entity.CONTACT, "create", email="a@b.example")
    assert holdings(ann).joined(create) is not None
    with pytest.raises(Refused, match=r"is hubspot/contact/9 already, of another company"):
        holdings(ann, customer="other").joined(create)


def test_somebody_is_found_by_a_further_address_as_well_and_shared_by_no_two_customers():
    ann = ("contact", side("hubspot/contact/9", email="a@b.example", first_name="Ann"), side())
    known = holdings(ann, customer="k")
    known.known_by(
        "hubspot", Entity.CONTACT, {"Old@b.example": "hubspot/contact/9", "x@b.example": "hubspot/contact/7"}
    )
    create = command(Entity.CONTACT, "create", email="old@b.example")
    found = known.joined(create)
    assert found is not None
    assert (found.ref, found.fields["first_name"]) == ("hubspot/contact/9", "Ann")
    with pytest.raises(Refused, match=r"old@b.example is hubspot/contact/9 already, of another company"):
        known.joined(create.model_copy(update={"customer": "other"}))
    assert known.joined(command(Entity.CONTACT, "create", email="new@b.example")) is None
    unread = known.joined(command(Entity.CONTACT, "create", email="x@b.example"))
    assert unread is not None
    assert unread.ref == "hubspot/contact/7"


def test_who_was_joined_by_a_further_address_is_that_customers_from_then_on():
    lone = {"entity": "contact", "ref": "hubspot/contact/9", "fields": {"email": "a@b.example"}, "deleted": False}
    known = holdings(waiting=[lone])
    known.known_by("hubspot", Entity.CONTACT, {"old@b.example": "hubspot/contact/9"})
    create = command(Entity.CONTACT, "create", email="old@b.example")
    found = known.joined(create)
    assert found is not None
    known.note(Entity.CONTACT, found.ref, found.fields, create.customer)
    assert known.joined(create) is not None, "asked for anew it is who is there"
    for address in ("old@b.example", "a@b.example"):
        other = command(Entity.CONTACT, "create", email=address).model_copy(update={"customer": "other"})
        with pytest.raises(Refused, match="of another company"):
            known.joined(other)
