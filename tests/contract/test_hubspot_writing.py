from datetime import timedelta

import httpx
import pytest

from sandbox.faults import FaultKind
from schemas.change import Change
from schemas.errors import Parked, Transient
from schemas.names import Side
from streams.platforms.hubspot.translation import sightings
from streams.platforms.interface import Seen
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import AT, GUID, command

COMPANY = {
    "name": "Acme Ltd",
    "domain": "acme.example",
    "phone": "+64 4 555 0100",
    "tax_number": "101-2-303",
    "currency": "NZD",
    "payment_terms": "30 DAYSAFTERBILLDATE",
    "credit_hold": False,
    "lifecycle": "customer",
    "balance_due": "1250.50",
    "last_payment_date": "2026-08-31",
    "last_payment_amount": "99.00",
    "erp_id": GUID,
    "shipping_address": {
        "street": "1 Quay",
        "city": "Wellington",
        "region": "",
        "postal_code": "6011",
        "country": "NZ",
    },
}
INVOICE = {
    "number": "INV-7",
    "status": "posted",
    "date": "2026-09-01",
    "due_date": "2026-09-30",
    "currency": "NZD",
    "total": "115.00",
    "amount_due": "115.00",
    "amount_paid": "0.00",
    "amount_credited": "0.00",
    "erp_id": GUID,
}


def _fields(seen: Seen) -> dict[str, object]:
    change = Change(
        tenant="main",
        platform="hubspot",
        side=Side.CRM,
        kind=seen.kind,
        record_id=seen.record_id,
        version=seen.version,
        seen_at=AT,
        raw=seen.raw,
    )
    (sighting,) = sightings(change)
    return sighting.fields


@pytest.mark.parametrize(
    ("entity", "fields"),
    [
        ("company", COMPANY),
        ("invoice", INVOICE),
        ("product", {"sku": "A-1", "name": "Anvil", "description": "Heavy", "price": "100.00", "erp_id": GUID}),
        ("contact", {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"}),
    ],
)
async def test_what_is_created_reads_back_as_it_was_meant_and_is_made_once(entity: str, fields: dict[str, object]):
    world = await World().furnish()
    create = command(entity, fields, natural_key=GUID)
    for _ in range(3):
        written = await world.written(create)
        assert written.state == "applied"
        (seen,) = written.seen
        assert (written.ref, written.version) == (f"hubspot/{entity}/{seen.record_id}", seen.version)
        assert _fields(seen) == fields
    creates = [write for write in world.portal.writes.writes if write.action == "create"]
    assert len(creates) == 1


async def test_a_deal_is_written_and_its_mirror_of_the_erp_is_shown():
    world = await World().furnish()
    deal = await world.made("deals", dealname="Big", dealstage="appointmentscheduled", pipeline="default")
    fields = {"order_status": "created", "invoice_number": "INV-7", "invoice_status": "paid", "amount_due": "0.00"}
    written = await world.written(command("deal", fields, f"hubspot/deal/{deal}"))
    assert fields.items() <= _fields(written.seen[0]).items()
    new = {"name": "Renewal", "stage": "appointmentscheduled", "amount": "10.00", "closed_at": "2026-10-01T00:00:00Z"}
    made = await world.written(command("deal", new, natural_key="order-9"))
    assert made.state == "applied"
    assert new.items() <= _fields(made.seen[0]).items()


async def test_two_hundred_and_fifty_updates_are_three_calls_and_one_bad_one_costs_only_itself():
    world = await World().furnish()
    ids = [await world.made("companies", name=f"C{number}") for number in range(250)]
    commands = [
        command("company", {"phone": f"{number}"}, f"hubspot/company/{each}", id=f"c{number}")
        for number, each in enumerate(ids)
    ]
    commands[17] = command("company", {"lifecycle": "no such stage"}, f"hubspot/company/{ids[17]}", id="c17")
    commands[99] = command("company", {"phone": "x"}, "hubspot/company/777777", id="c99")
    commands.append(command("company", {"nmae": "x"}, f"hubspot/company/{ids[0]}", id="never sent", record="other"))
    written = {each.command: each for each in await world.write(*commands)}
    assert len(world.calls("companies/batch/update")) == 3
    refused = {name: each.code for name, each in written.items() if each.state == "refused"}
    assert refused == {"c17": "VALIDATION_ERROR", "never sent": "nmae"}
    assert (written["c99"].state, written["c99"].code, written["c99"].seen[0].deleted) == ("moved", "gone", True)
    assert {each.state for name, each in written.items() if name not in {*refused, "c99"}} == {"applied"}
    assert all(len(each.seen) == 1 for name, each in written.items() if name not in refused)


async def test_a_create_is_applied_only_with_its_associations():
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    deal = await world.made("deals", dealname="Big", dealstage="appointmentscheduled", pipeline="default")
    links = {"company": f"hubspot/company/{company}", "deal": f"hubspot/deal/{deal}"}
    create = command("invoice", INVOICE, natural_key=GUID, links=links)
    world.fault(FaultKind.DROP_BEFORE, "invoices/deals/batch/associate")
    written = await world.written(create)
    assert written.state == "unknown"
    assert await world.client.look_up(create) is None
    written = await world.written(create)
    assert written.state == "applied"
    assert written.seen[0].raw["associations"] == {"company": [company], "deal": [deal]}
    assert (await world.client.look_up(create)) == written
    missing = command("invoice", INVOICE, natural_key="another", links={"company": "hubspot/company/777"}, id="c2")
    written = await world.written(missing)
    assert (written.state, written.code) == ("refused", "link_company")
    assert written.ref is not None
    again = await world.written(missing.model_copy(update={"id": "c3", "links": {"company": links["company"]}}))
    assert (again.state, again.ref) == ("applied", written.ref), "asked for anew it is the record that is there"


async def test_one_bad_link_does_not_cost_its_neighbours():
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    commands = [
        command(
            "contact",
            {"email": f"p{number}@acme.example"},
            links={"company": f"hubspot/company/{777 if number == 2 else company}"},
            id=f"c{number}",
        )
        for number in range(5)
    ]
    written = await world.write(*commands)
    assert [each.state for each in written] == ["applied", "applied", "refused", "applied", "applied"]
    made = await world.one("contact", (written[2].ref or "").removeprefix("hubspot/contact/"))
    assert written[2].version == made.version, "it is there all the same"
    assert all(each.seen[0].raw["associations"]["company"] == [company] for each in written if each.state == "applied")


@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
@pytest.mark.parametrize("kind", ["create", "update"])
async def test_a_lost_answer_is_looked_up_and_never_written_twice(kind: str, fault: FaultKind):
    world = await World().furnish()
    there = await world.made("companies", name="Acme")
    wanted = (
        command("company", COMPANY, natural_key=GUID)
        if kind == "create"
        else command("company", {"credit_hold": True, "phone": None}, f"hubspot/company/{there}")
    )
    before = len(world.portal.writes.writes)
    world.fault(fault, "companies/batch/up")
    written = await world.written(wanted)
    assert (written.state, written.code) == ("unknown", "lost")
    found = await world.client.look_up(wanted)
    assert (found is not None) == (fault is FaultKind.DROP_AFTER)
    if found is None:
        found = await world.written(wanted)
    assert found.state == "applied"
    assert found.seen[0].version == found.version
    assert len(world.portal.writes.writes) == before + 1


async def test_an_update_is_not_taken_for_applied_when_one_field_differs():
    world = await World().furnish()
    company = await world.made("companies", name="Acme", phone="1")
    ref = f"hubspot/company/{company}"
    assert await world.client.look_up(command("company", {"name": "Acme", "phone": "2"}, ref)) is None
    assert await world.client.look_up(command("company", {"name": "Acme", "phone": "1"}, ref)) is not None
    assert await world.client.look_up(command("company", {"name": "Acme"}, "hubspot/company/777")) is None
    told = await world.client.look_up(command("company", {"nmae": "x"}, ref))
    assert told is not None
    assert told.state == "refused"


async def test_somebody_with_our_e_mail_address_is_not_taken_for_our_create():
    world = await World().furnish()
    ann = await world.made("contacts", email="ann@acme.example", firstname="Anna")
    create = command("contact", {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"})
    assert await world.client.look_up(create) is None
    assert (await world.written(create)).state == "applied"
    shown = (await world.one("contact", ann)).raw["properties"]
    assert (shown["firstname"], shown["lastname"]) == ("Anna", "Lee")  # what was there is kept, what was empty filled


@pytest.mark.parametrize(
    ("params", "seconds"),
    [
        ({"status": 429, "policy": "TEN_SECONDLY_ROLLING"}, 10),
        ({"status": 423}, 2),
        ({"status": 477, "retry_after": 120}, 120),
    ],
)
async def test_a_refused_write_may_be_sent_again_once_the_wait_is_over(params: dict[str, object], seconds: int):
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    update = command("company", {"phone": "1"}, f"hubspot/company/{company}")
    world.fault(FaultKind.STATUS, "batch/update", **params)
    written = await world.written(update)
    assert written.state == "again"
    assert written.until == world.clock.now() + timedelta(seconds=seconds)
    sent = len(world.calls())
    assert (await world.written(update)).state == "again"
    assert len(world.calls()) == sent  # nothing is sent inside the wait
    world.later(seconds)
    assert (await world.written(update)).state == "applied"


async def test_a_server_error_on_a_write_is_unknown():
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    world.fault(FaultKind.STATUS, "batch/update", status=503)
    written = await world.written(command("company", {"phone": "1"}, f"hubspot/company/{company}"))
    assert (written.state, written.code) == ("unknown", "503")


async def test_a_spent_day_parks_until_midnight_of_the_portal_and_sends_nothing_more():
    world = await World({"time_zone": "UTC"}).furnish()
    company = await world.made("companies", name="Acme")
    world.portal.quota.spend(10**6)
    update = command("company", {"phone": "1"}, f"hubspot/company/{company}")
    sent = len(world.calls())
    for _ in range(3):
        with pytest.raises(Parked, match="day's calls are spent") as parked:
            await world.written(update)
        assert parked.value.until == (world.clock.now() + timedelta(days=1)).replace(hour=0)
    assert len(world.calls()) == sent + 1
    world.later(16 * 3600)
    assert (await world.written(update)).state == "applied"


async def test_a_park_in_the_middle_keeps_what_was_written():
    world = await World().furnish()
    ids = [await world.made("companies", name=f"C{number}") for number in range(100)]
    spent = world.fault(FaultKind.STATUS, "batch/read", status=429, policy="DAILY")
    commands = [
        command("company", {"phone": "1"}, f"hubspot/company/{each}", id=f"c{number}")
        for number, each in enumerate([*ids, *ids[:50]])
    ]
    written = await world.write(*commands)
    assert spent.struck == 1  # reading back the first of each record
    assert [each.state for each in written] == ["applied"] * 100 + ["again"] * 50
    assert all(each.version for each in written[:100])
    assert {each.until for each in written[100:]} == {(world.clock.now() + timedelta(days=1)).replace(hour=0)}


async def test_the_order_of_one_records_commands_is_kept():
    world = await World().furnish()
    company, other = [await world.made("companies", name=name) for name in ("A", "B")]
    ref = f"hubspot/company/{company}"
    commands = [
        command("company", {"phone": "1"}, ref, id="first"),
        command("company", {"phone": "2"}, ref, id="second"),
        command("company", {"phone": "9"}, f"hubspot/company/{other}", id="other"),
        command("company", {"phone": "3"}, ref, id="third"),
    ]
    assert [each.state for each in await world.write(*commands)] == ["applied"] * 4
    assert (await world.one("company", company)).raw["properties"]["phone"] == "3"
    assert len(world.calls("companies/batch/update")) == 3
    world.fault(FaultKind.DROP_AFTER, "batch/update")
    states = [each.state for each in await world.write(commands[0], commands[1], commands[3])]
    assert states == ["unknown", "again", "again"]
    assert (await world.one("company", company)).raw["properties"]["phone"] == "1"


async def test_a_lifecycle_that_moves_back_is_cleared_first():
    world = await World().furnish()
    company = await world.made("companies", name="Acme", lifecyclestage="customer")
    ref = f"hubspot/company/{company}"
    for stage, writes in (("evangelist", 1), ("lead", 2), ("lead", 1), ("customer", 1)):
        before = len(world.calls("batch/update"))
        written = await world.written(command("company", {"lifecycle": stage, "phone": stage}, ref))
        assert written.seen[0].raw["properties"]["lifecyclestage"] == stage
        assert len(world.calls("batch/update")) == before + writes


async def test_a_write_to_a_merged_company_is_not_made_and_what_it_became_is_shown():
    world = await World().furnish()
    first, second, apart = [await world.made("companies", name=name) for name in ("First", "Second", "Apart")]
    deal = await world.made("deals", dealname="D", dealstage="contractsent", pipeline="default")
    await world.person(f"deals/{deal}/associate", to_type="companies", to_id=second, primary=True)
    merged = str((await world.person("companies/merge", primaryObjectId=first, objectIdToMerge=second))["id"])
    written = await world.write(
        command("company", {"balance_due": "120.00"}, f"hubspot/company/{first}", id="c1"),
        command("company", {"phone": "2"}, f"hubspot/company/{apart}", id="c2"),
        command("company", {"lifecycle": "lead"}, f"hubspot/company/{second}", id="c3"),
    )
    assert [each.state for each in written] == ["moved", "applied", "moved"]
    assert merged in written[0].message
    shown = {(seen.kind, seen.record_id) for each in written for seen in each.seen}
    assert shown == {("company", merged), ("deal", deal), ("company", apart)}, "with what has moved to it"
    survivor = await world.one("company", merged)
    assert {each.version for each in written if each.state == "moved"} == {survivor.version}
    assert [write.id for write in world.portal.writes.writes if write.actor == "api"] == [apart]
    lost = command("company", {"name": "First"}, f"hubspot/company/{first}", id="c4")
    assert await world.client.look_up(lost) is None, "what shows the value is another record"


async def test_a_record_that_is_taken_away_before_it_is_read_back_is_told_as_made_and_as_ended(
    monkeypatch: pytest.MonkeyPatch,
):
    world = await World().furnish()
    carry, taken = world.transport.handle_async_request, list[str]()

    async def taking(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/batch/read") and not taken:
            taken.extend(write.id for write in world.portal.writes.writes if write.action == "create")
            await world.person(f"companies/{taken[0]}", "DELETE")
        return await carry(request)

    monkeypatch.setattr(world.transport, "handle_async_request", taking)
    written = await world.written(command("company", COMPANY, natural_key=GUID))
    assert (written.state, written.ref) == ("applied", f"hubspot/company/{taken[0]}")
    (end,) = written.seen
    assert (end.record_id, end.deleted, end.version >= (written.version or 0) > 0) == (taken[0], True, True)


async def test_a_platform_that_cannot_be_reached_says_so_and_nothing_is_unknown(monkeypatch: pytest.MonkeyPatch):
    world = await World().furnish()

    async def refuse(*_: object) -> None:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(world.transport, "handle_async_request", refuse)
    with pytest.raises(Transient, match="Nothing was sent"):
        await world.written(command("company", COMPANY, natural_key=GUID))


async def test_a_token_that_is_refused_parks_and_says_what_to_do():
    world = await World().furnish()
    world.portal.access.revoke_static(world.portal.token)
    with pytest.raises(Parked, match="REVMARK_HUBSPOT_TOKEN"):
        await world.written(command("company", COMPANY, natural_key=GUID))


async def test_an_oauth_grant_renews_itself_once_for_all():
    world = await World(oauth=True).furnish()
    assert world.calls("oauth") == ["POST /oauth/2026-09/token"]
    world.later(1_790)
    assert (await world.written(command("company", COMPANY, natural_key=GUID))).state == "applied"
    assert len(world.calls("oauth")) == 2


async def test_a_grant_that_was_taken_back_parks_and_says_what_to_do():
    world = await World(oauth=True).furnish()
    world.portal.access.revoke(world.portal.access.grant.refresh_token)
    with pytest.raises(Parked, match="BAD_REFRESH_TOKEN") as parked:
        await world.written(command("company", COMPANY, natural_key=GUID))
    assert "revmark connect hubspot" in parked.value.message


async def test_an_update_of_links_alone_associates_and_nothing_else():
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    contact = await world.made("contacts", email="ann@acme.example")
    update = command("contact", {}, f"hubspot/contact/{contact}", links={"company": f"hubspot/company/{company}"})
    assert await world.client.look_up(update) is None
    written = await world.written(update)
    assert written.seen[0].raw["associations"]["company"] == [company]
    assert world.calls("batch/update") == []
    assert await world.client.look_up(update) is not None


async def test_a_link_to_a_record_that_is_gone_tells_its_end():
    world = await World().furnish()
    gone, there = [await world.made("companies", name=name) for name in ("Gone", "There")]
    await world.person(f"companies/{gone}", "DELETE")
    ann, ben = (
        command("contact", {"email": f"{name}@acme.example"}, natural_key=f"{name}@acme.example", id=name,
                links={"company": f"hubspot/company/{number}"})
        for name, number in (("ann", gone), ("ben", there))
    )  # fmt: skip
    answers = {each.command: each for each in await world.write(ann, ben)}
    assert (answers["ann"].state, answers["ann"].code, answers["ben"].state) == ("refused", "link_company", "applied")
    assert [(each.kind, each.record_id, each.deleted) for each in answers["ann"].seen] == [("company", gone, True)]
