"""The pipeline of orders: shown before it is made, made once with ids of ours, and refused in words where it cannot."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from sandbox.faults import FaultKind
from sandbox.hubspot.pipelines import Pipeline
from schemas.errors import Parked, Refused, RevmarkError
from streams.platforms.hubspot.provisioning import Lacking, lacking, provision
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.hubspot.stages import ORDERS
from tests.contract.test_hubspot_orders import choosing
from tests.unit.hubspot.portals import World

RULES = choosing("order", "native")
WORDS = ["pipeline order.revmark_orders", *(f"stage order.{each.id}" for each in ORDERS.stages)]


def opened(**settings: Any) -> World:
    return World(settings, shapes=shapes_of(RULES))


async def missing(world: World) -> Lacking:
    return await lacking(world.client, RULES)


async def made(world: World) -> None:
    await provision(world.client, RULES, await missing(world))


def pipelines(world: World) -> dict[str, Pipeline]:
    return world.portal.pipelines.of(world.portal.catalogue.get("orders"))


def staged(found: Lacking) -> list[str]:
    return [each for each in found.words if each.startswith(("pipeline", "stage"))]


async def test_it_is_shown_then_made_once_and_the_portals_own_stays():
    world = opened()
    own = pipelines(world)["14a2e10e-5471-408a-906e-c51f3b04369e"].wire()
    shown = await missing(world)
    assert staged(shown) == WORDS
    assert "go through the stages of the pipeline Revmark orders" in " ".join(shown.says)
    assert "No pipeline" not in " ".join(shown.says)
    (body,) = shown.document()["pipelines"]
    assert (body["pipelineId"], body["there"], len(body["stages"])) == (ORDERS.id, False, len(ORDERS.stages))
    assert [*pipelines(world)] == [own["id"]], "shown only"
    await provision(world.client, RULES, shown)
    assert pipelines(world)[ORDERS.id].label == ORDERS.label
    assert {each.id: each.metadata["state"] for each in pipelines(world)[ORDERS.id].stages.values()} == {
        each.id: each.state for each in ORDERS.stages
    }
    assert pipelines(world)[str(own["id"])].wire() == own
    before = len(world.calls())
    again = await missing(world)
    await provision(world.client, RULES, again)
    assert (again.nothing, again.document()["pipelines"]) == (True, [])
    assert {each.partition(" ")[0] for each in world.calls()[before:]} == {"GET"}


async def test_stages_that_are_missing_are_made_and_those_that_people_renamed_or_added_stay():
    world = opened()
    await made(world)
    mine = pipelines(world)[ORDERS.id]
    mine.label = "Sold"
    mine.stages["revmark_paid"].label = "Done"
    mine.stages["theirs"] = mine.stages.pop("revmark_held")
    mine.stages["theirs"].id = "theirs"
    del mine.stages["revmark_cancelled"]
    found = await missing(world)
    assert not found.nothing
    assert staged(found) == ["stage order.revmark_held", "stage order.revmark_cancelled"]
    (body,) = found.document()["pipelines"]
    assert (body["there"], [each["stageId"] for each in body["stages"]]) == (
        True, ["revmark_held", "revmark_cancelled"],
    )  # fmt: skip
    await provision(world.client, RULES, found)
    assert (mine.label, mine.stages["revmark_paid"].label) == ("Sold", "Done")
    assert {*mine.stages} == {"theirs", *(each.id for each in ORDERS.stages)}
    assert (await missing(world)).nothing


async def test_an_answer_that_is_lost_makes_no_second_one():
    world = opened()
    world.fault(FaultKind.DROP_AFTER, "/pipelines/")
    with pytest.raises(RevmarkError):
        await made(world)
    assert ORDERS.id in pipelines(world)
    await made(world)
    assert len(pipelines(world)) == 2
    assert (await missing(world)).nothing


async def test_an_account_that_may_have_no_further_pipeline_says_what_else_there_is_and_nothing_is_half_made():
    world = opened(pipeline_limit=1)
    with pytest.raises(Refused, match=r"limit of 1 pipelines.*Nothing was made.*order_pipeline: none.*Next: revmark"):
        await made(world)
    assert {each.partition(" ")[0] for each in world.calls()} == {"GET", "POST"}
    assert len([each for each in world.calls() if each.startswith("POST")]) == 1
    rules = choosing("order", "native", order_pipeline="none")
    world = World({"pipeline_limit": 1}, shapes=shapes_of(rules))
    await provision(world.client, rules, await lacking(world.client, rules))
    assert (await lacking(world.client, rules)).nothing


async def test_an_app_that_may_not_make_one_is_told_its_scope():
    reads = [f"crm.schemas.{kind}.read" for kind in ("companies", "deals", "products", "invoices", "orders")]
    world = opened(scopes=[*reads, "crm.pipelines.orders.read"])
    with pytest.raises(Parked, match=r"crm\.pipelines\.orders\.write.*order_pipeline: none"):
        await made(world)


@pytest.mark.parametrize("ours", ["label", "stage"])
async def test_one_that_has_our_names_and_is_not_ours_is_refused_before_anything_is_made(ours: str):
    world = opened()
    theirs = next(iter(pipelines(world).values()))
    if ours == "label":
        theirs.label = ORDERS.label
        said = r"a pipeline Revmark orders that is not Revmark's.*Rename it"
    else:
        theirs.stages["revmark_paid"] = theirs.stages.popitem()[1]
        theirs.stages["revmark_paid"].id = "revmark_paid"
        said = r"Order Pipeline has stages with ids of Revmark's: revmark_paid"
    with pytest.raises(Refused, match=said):
        await missing(world)
    assert not [each for each in world.calls() if each.startswith("POST")]


@pytest.mark.parametrize("what", ["pipeline", "stage"])
async def test_what_hubspot_made_under_another_id_is_not_gone_on_with(what: Literal["pipeline", "stage"]):
    """A portal that chooses ids itself: no page excludes it."""
    world = opened()
    world.portal.quirks.own_ids = what
    with pytest.raises(Refused, match="under the id" if what == "pipeline" else "without the stages Held, Ordered"):
        await made(world)
