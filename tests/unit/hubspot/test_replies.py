from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from schemas.errors import Parked, Refused, RevmarkError, Throttled, Transient
from streams.platforms.hubspot.shapes import ORDER
from tests.unit.hubspot.records import GUID, command
from tests.unit.hubspot.vendor import Answer, Vendor, record, refusal, results

UPDATE = command("company", {"phone": "1"}, "hubspot/company/5")


def _always(response: Response) -> Answer:
    return lambda _request, _body: response


@pytest.mark.parametrize(
    ("response", "error", "code"),
    [
        (refusal(429, "You have reached your secondly limit.", policyName="SECONDLY"), Throttled, "429"),
        (JSONResponse({"message": "You have reached your daily limit."}, 429), Parked, "429"),
        (PlainTextResponse("", 429), Throttled, "429"),
        (refusal(423, "locked"), Throttled, "423"),
        (PlainTextResponse("", 477, {"retry-after": "90"}), Throttled, "477"),
        (PlainTextResponse("", 477), Throttled, "477"),
        (refusal(401, "no", "EXPIRED_AUTHENTICATION"), Parked, "EXPIRED_AUTHENTICATION"),
        (refusal(403, "no", "MISSING_SCOPES"), Parked, "MISSING_SCOPES"),
        (refusal(400, "bad"), Refused, "VALIDATION_ERROR"),
        (refusal(414, "too long"), Refused, "VALIDATION_ERROR"),
        (HTMLResponse("<html>", 502), Transient, "502"),
        (HTMLResponse("<html>", 200), Transient, "200"),
        (JSONResponse(["not an object"]), Transient, "200"),
        (RedirectResponse("https://evil.example/"), Transient, "307"),
        (results({"id": "5"}), Transient, "malformed"),
        (results(record("5", "yesterday")), Transient, "malformed"),
        (JSONResponse({"results": "none"}), None, ""),
    ],
)
async def test_every_reply_to_a_read_has_a_recovery(response: Response, error: type[RevmarkError] | None, code: str):
    vendor = Vendor(_always(response))
    if error is None:
        assert await vendor.client.read("product", ["5"]) != []
        return
    with pytest.raises(error) as raised:
        await vendor.client.read("product", ["5"])
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        (refusal(429, "You have reached your secondly limit.", policyName="SECONDLY"), 1),
        (refusal(429, "slow down", policyName="TEN_SECONDLY_ROLLING"), 10),
        (PlainTextResponse("", 477, {"retry-after": "9" * 12}), 86_400),
        (PlainTextResponse("", 477, {"retry-after": "soon"}), 60),
    ],
)
async def test_a_wait_is_as_long_as_hubspot_says_and_never_absurd(response: Response, seconds: int):
    vendor = Vendor(_always(response))
    with pytest.raises(Throttled) as throttled:
        await vendor.client.read("product", ["5"])
    assert throttled.value.until == vendor.clock.now() + timedelta(seconds=seconds)


async def test_the_day_begins_anew_at_midnight_where_the_portal_is():
    vendor = Vendor(_always(refusal(429, "x", policyName="DAILY")))
    with pytest.raises(Parked) as parked:
        await vendor.client.read("product", ["5"])
    assert vendor.clock.now() == datetime(2026, 9, 1, 9, tzinfo=UTC)  # 21:00 in Auckland
    assert parked.value.until == datetime(2026, 9, 1, 12, tzinfo=UTC)
    with pytest.raises(Parked):
        await vendor.client.write([UPDATE])
    assert len(vendor.bodies) == 1


async def test_a_forbidden_call_names_the_scopes_that_are_missing():
    errors = [{"context": {"requiredGranularScopes": ["crm.objects.companies.write"]}}]
    vendor = Vendor(_always(refusal(403, "no", "MISSING_SCOPES", errors=errors)))
    with pytest.raises(Parked, match=r"lacks crm\.objects\.companies\.write"):
        await vendor.client.write([UPDATE])


@pytest.mark.parametrize("status", [400, 409])
async def test_a_batch_that_is_refused_as_a_whole_is_halved_until_the_bad_one_stands_alone(status: int):
    def answer(_request: Request, body: Any) -> Response:
        inputs = body["inputs"]
        if any(each.get("properties", {}).get("phone") == "bad" for each in inputs if isinstance(each, dict)):
            return refusal(status, "phone is bad", "CONFLICT")
        return results(*reversed([record(each["id"]) for each in inputs]))

    vendor = Vendor(answer)
    commands = [
        command("company", {"phone": "bad" if number == 37 else "1"}, f"hubspot/company/{number + 1}", id=f"c{number}")
        for number in range(100)
    ]
    written = await vendor.client.write(commands)
    assert [each.command for each in written if each.state == "refused"] == ["c37"]
    assert (written[37].code, written[37].message) == ("CONFLICT", "phone is bad")
    assert sum(each.state == "applied" for each in written) == 99
    assert [each.ref for each in written] == [each.ref for each in commands]
    assert len([path for path in vendor.paths if path.endswith("update")]) <= 15  # 1 + 2 for each of seven halvings


LACKING = "a property revmark_order_key is not there"
ORDERS = [command("order", {"name": "B"}, natural_key=f"o{number}", id=f"c{number}") for number in range(3)]


@pytest.mark.parametrize(
    ("status", "category", "whole", "parks"),
    [
        (400, "VALIDATION_ERROR", True, True),
        (409, "", True, False),
        (207, "VALIDATION_ERROR", False, True),
        (207, "CONFLICT", False, False),
    ],
)
async def test_what_a_portal_lacks_for_records_that_are_only_shown_parks_and_a_conflict_is_the_records_own(
    status: int, category: str, *, whole: bool, parks: bool
):
    each = [{"category": category, "message": LACKING, "context": {"objectWriteTraceId": [one.id]}} for one in ORDERS]
    answer = refusal(status, LACKING, category) if whole else results(status=status, errors=each)
    vendor = Vendor(_always(answer), shapes={"order": ORDER})
    if not parks:
        assert {each.state for each in await vendor.client.write(ORDERS)} == {"refused"}
        return
    with pytest.raises(Parked, match="Run: revmark provision --yes"):
        await vendor.client.write(ORDERS)
    assert len(vendor.bodies) == 1, "one refusal is enough: nothing is halved"


async def test_results_are_joined_by_what_they_say_whatever_their_order():
    def answer(request: Request, body: Any) -> Response:
        if request.url.path.endswith("upsert"):
            made = [
                record(str(900 + place), xero_item_id=each["id"].upper(), name=each["properties"]["name"])
                for place, each in enumerate(body["inputs"])
            ]
            return results(*reversed(made))
        return results(*[record(each["id"]) for each in body["inputs"]])

    vendor = Vendor(answer)
    commands = [command("product", {"name": f"P{n}"}, natural_key=f"item-{n}", id=f"c{n}") for n in range(5)]
    written = await vendor.client.write(commands)
    assert [each.ref for each in written] == [f"hubspot/product/{900 + number}" for number in range(5)]
    sent = vendor.bodies[0][1]["inputs"][3]
    assert sent == {
        "id": "item-3",
        "idProperty": "xero_item_id",
        "objectWriteTraceId": "c3",
        "properties": {"name": "P3", "xero_item_id": "item-3"},
    }


async def test_what_a_reply_does_not_name_is_unknown():
    def answer(request: Request, body: Any) -> Response:
        left_out = "2" if request.url.path.endswith("update") else ""
        return results(*[record(each["id"]) for each in body["inputs"] if each["id"] != left_out])

    commands = [command("product", {"name": "x"}, f"hubspot/product/{n}", id=f"c{n}") for n in (1, 2, 3)]
    written = await Vendor(answer).client.write(commands)
    assert [(each.state, each.code) for each in written] == [("applied", ""), ("unknown", "unsaid"), ("applied", "")]


async def test_errors_without_trace_ids_are_joined_by_id():
    def answer(request: Request, body: Any) -> Response:
        ids = [each["id"] for each in body["inputs"]]
        errors = [{"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["2"]}}]
        if "archived" in str(request.url) or "associations" in request.url.path:
            return results()
        return results(*[record(each) for each in ids if each != "2"], status=207, errors=errors if "2" in ids else [])

    commands = [command("deal", {"name": "x"}, f"hubspot/deal/{n}", id=f"c{n}") for n in (1, 2)]
    written = await Vendor(answer).client.write(commands)
    assert [(each.state, each.code) for each in written] == [("applied", ""), ("moved", "gone")]
    assert written[1].seen[0].deleted


@pytest.mark.parametrize(
    ("shown", "state", "code"),
    [
        (results(record("2")), "applied", ""),  # as where a replica was behind for a moment
        (results(), "moved", "gone"),
        (refusal(400, "no"), "refused", "VALIDATION_ERROR"),
    ],
)
async def test_a_company_that_a_batch_left_out_is_looked_for_before_it_is_given_up(
    shown: Response, state: str, code: str
):
    updates = 0

    def answer(request: Request, body: Any) -> Response:
        nonlocal updates
        if request.url.path.endswith("update"):
            updates += 1
            return results(*[record(each["id"]) for each in body["inputs"] if each["id"] != "2" or updates > 1])
        if "associations" in request.url.path or "archived" in str(request.url):
            return results()
        if request.method == "GET":
            return refusal(404, "not found", "OBJECT_NOT_FOUND")
        return shown if {"id": "2"} in body["inputs"] else results(*[record(each["id"]) for each in body["inputs"]])

    commands = [command("company", {"name": "x"}, f"hubspot/company/{n}", id=f"c{n}") for n in (1, 2)]
    written = await Vendor(answer).client.write(commands)
    assert [(each.state, each.code) for each in written] == [("applied", ""), (state, code)]


async def test_what_was_written_is_applied_though_it_cannot_be_read_back():
    def answer(request: Request, body: Any) -> Response:
        if request.url.path.endswith("update"):
            return results(*[record(each["id"], "2026-09-01T09:00:01.500Z") for each in body["inputs"]])
        return HTMLResponse("<html>", 503)

    (written,) = await Vendor(answer).client.write([command("product", {"name": "x"}, "hubspot/product/1")])
    assert (written.state, written.seen) == ("applied", [])
    assert written.version == 1_788_253_201_500


async def test_an_edit_between_a_write_and_its_reading_back_is_not_taken_for_ours():
    def answer(request: Request, body: Any) -> Response:
        second = "01" if request.url.path.endswith("update") else "02"
        return results(*[record(each["id"], f"2026-09-01T09:00:{second}.500Z") for each in body["inputs"]])

    (written,) = await Vendor(answer).client.write([command("product", {"name": "x"}, "hubspot/product/1")])
    assert written.version == 1_788_253_201_500
    assert [each.version for each in written.seen] == [1_788_253_202_500]


@pytest.mark.parametrize(("shown", "version"), [("Acme", 1_788_253_201_500), ("Acme Ltd", 0)])
async def test_a_create_found_again_claims_the_version_only_while_it_is_as_written(shown: str, version: int):
    def answer(request: Request, _body: Any) -> Response:
        if "associations" in request.url.path:
            return results()
        return results(record("1", "2026-09-01T09:00:01.500Z", xero_contact_id=GUID, name=shown))

    found = await Vendor(answer).client.look_up(command("company", {"name": "Acme"}, natural_key=GUID))
    assert found is not None
    assert (found.state, found.version, found.seen[0].version) == ("applied", version, 1_788_253_201_500)


async def test_associations_of_more_than_a_page_are_all_read():
    def answer(request: Request, body: Any) -> Response:
        if "associations" not in request.url.path:
            return results(*[record(each["id"]) for each in body["inputs"]])
        found = []
        for each in body["inputs"]:
            start = int(each.get("after", "0"))
            ends = [{"toObjectId": start + place, "associationTypes": [{"typeId": 279}]} for place in (1, 2)]
            after = {"next": {"after": str(start + 2)}} if start < 4 else {}
            found.append({"from": {"id": each["id"]}, "to": ends, "paging": after})
        return results(*found)

    (seen,) = await Vendor(answer).client.read("contact", ["7"])
    assert seen.raw["associations"]["company"] == ["1", "2", "3", "4", "5", "6"]


async def test_a_list_that_stands_still_is_no_end():
    def answer(request: Request, _body: Any) -> Response:
        if request.method == "POST":
            return results()
        return results(record("1"), paging={"next": {"after": "same"}})

    with pytest.raises(Transient, match="stands still"):
        _ = [page async for page in Vendor(answer).client.poll("product", None)]


async def test_numbers_in_a_reply_stay_exact():
    shown = b'{"id":5,"properties":{"price":0.1000000000000000055511151231257827},"updatedAt":"2026-09-01T09:00:00Z"}'

    def answer(_request: Request, _body: Any) -> Response:
        return Response(b'{"results":[%b]}' % shown, media_type="application/json")

    (seen,) = await Vendor(answer).client.read("product", ["5"])
    assert str(seen.raw["properties"]["price"]) == "0.1000000000000000055511151231257827"


async def test_a_create_that_could_not_be_found_again_is_never_sent():
    vendor = Vendor(_always(results()))
    written = await vendor.client.write(
        [command("company", {"name": "x"}, id="a"), command("payment", {}, id="b", natural_key=GUID)]
    )
    assert [(each.state, each.code) for each in written] == [("refused", "no_key"), ("refused", "entity")]
    assert vendor.bodies == []
