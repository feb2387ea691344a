"""HubSpot's side: the test records made, won, read, found by their mark, and deleted.

In: a run. Out: ids, properties. Invariants: each call leaves to live work what a backfill leaves to it; nothing is
changed but what this run has made. Association type ids are those of HubSpot's guide to associations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.errors import Refused
from schemas.money import plain
from schemas.names import Entity
from streams.platforms.hubspot.api import Api, Reply
from streams.platforms.hubspot.reading import Reading
from streams.platforms.hubspot.shapes import LINE_ITEM, SHIPPED, Shape
from streams.verification.recipe import Recipe
from streams.verification.run import PRICE, QUANTITY, Run

PRIMARY = {"contact": 1, "deal": 5}  # to their company
DEAL_TO_CONTACT, LINE_TO_DEAL = 3, 20
# By what each kind of test record is found again; in the order of deletion, in which what belongs to another is first.
MARKS = {"line_item": "hs_sku", "deal": "dealname", "contact": "email", "product": "hs_sku", "company": "name"}
SOME = 10  # results of a search; a mark is on one record, or on two after a lost answer


class Portal:
    """One portal, as a verification works with it."""

    def __init__(self, api: Api, shapes: Mapping[str, Shape]) -> None:
        """Call through `api`, and read by `shapes`."""
        self._api = api
        self._reading = Reading(api, shapes)

    async def close(self) -> None:
        """Release connections."""
        await self._api.close()

    async def company(self, run: Run, recipe: Recipe) -> str:
        """Make the company."""
        return await self._make("company", {"name": run.name, **recipe.company})

    async def contact(self, run: Run) -> str:
        """Make the person, who belongs to the company from the start: else HubSpot may make one of the domain."""
        names = {"email": run.email, "firstname": "Revmark", "lastname": f"Verification {run.id}"}
        return await self._make("contact", names, [(run.made["hubspot/company"], PRIMARY["contact"])])

    async def product(self, run: Run) -> str:
        """Make the product."""
        return await self._make("product", {"name": run.name, "hs_sku": run.sku, "price": plain(PRICE)})

    async def deal(self, run: Run, recipe: Recipe, currency: str) -> str:
        """Make the deal, in the first stage of the pipeline in which it will be won."""
        pipeline, stage = await self._opening(recipe.stage)
        properties = {
            "dealname": run.name,
            "pipeline": pipeline,
            "dealstage": stage,
            "amount": plain(QUANTITY * PRICE),
            "deal_currency_code": currency,
            **recipe.deal,
        }
        ends = [(run.made["hubspot/company"], PRIMARY["deal"]), (run.made["hubspot/contact"], DEAL_TO_CONTACT)]
        return await self._make("deal", properties, ends)

    async def line(self, run: Run, recipe: Recipe) -> str:
        """Put the line onto the deal."""
        properties = {"name": run.name, "hs_sku": run.sku, "quantity": plain(QUANTITY), "price": plain(PRICE)}
        if recipe.quantities:
            properties[SHIPPED] = plain(QUANTITY)
        return await self._make(LINE_ITEM, properties, [(run.made["hubspot/deal"], LINE_TO_DEAL)])

    async def win(self, run: Run, recipe: Recipe) -> None:
        """Move the deal to the stage in which it is billed."""
        inputs = [{"id": run.made["hubspot/deal"], "properties": {"dealstage": recipe.stage}}]
        _taken(
            await self._post(self._reading.path("deal"), "/batch/update", {"inputs": inputs}, writes=True),
            "the deal's stage",
        )

    async def shown(self, kind: str, record_id: str) -> dict[str, Any] | None:
        """A record's properties; None when it is gone."""
        self._api.pace.spare()
        found = await self._reading.read(kind, [record_id])
        return next((dict(each.raw["properties"]) for each in found if each.kind == kind and not each.deleted), None)

    async def mirror(self, invoice: str) -> tuple[str, dict[str, Any]] | None:
        """HubSpot's record of an invoice of Xero's: its id and properties; None when there is none."""
        self._api.pace.spare()
        found = await self._reading.find(self._reading.shape("invoice"), [invoice])
        return next(((each.record_id, dict(each.raw["properties"])) for each in found), None)

    def property_of(self, entity: Entity, field: str) -> str | None:
        """Where HubSpot holds a canonical field."""
        columns = self._reading.shape(entity.value).columns
        return next((column.property for column in columns if column.field == field), None)

    async def find(self, kind: str, run: Run) -> list[str]:
        """The ids of the records of a kind that carry the run's mark."""
        mark = {"deal": run.name, "company": run.name, "contact": run.email}.get(kind, run.sku)
        body = {
            "filterGroups": [{"filters": [{"propertyName": MARKS[kind], "operator": "EQ", "value": mark}]}],
            "properties": [MARKS[kind]],
            "limit": SOME,
        }
        reply = (await self._post(self._reading.path(kind), "/search", body)).granted()
        return [str(each["id"]) for each in reply.results if (each.get("properties") or {}).get(MARKS[kind]) == mark]

    async def delete(self, kind: str, ids: Sequence[str]) -> None:
        """Move records to HubSpot's recycle bin, where they stay for ninety days.

        Raises:
            Refused: HubSpot keeps them.
        """
        body = {"inputs": [{"id": each} for each in ids]}
        _taken(await self._post(self._reading.path(kind), "/batch/archive", body, writes=True), f"{kind} deleted")

    async def _opening(self, stage: str) -> tuple[str, str]:
        """The pipeline of a stage, and its first other stage."""
        self._api.pace.spare()
        reply = (await self._api.get(f"/crm/pipelines/{self._api.version}/{self._reading.path('deal')}")).granted()
        for pipeline in reply.results:
            stages = sorted(pipeline.get("stages") or [], key=lambda each: each.get("displayOrder") or 0)
            ids = [str(each.get("id")) for each in stages]
            if stage in ids:
                return str(pipeline["id"]), next((each for each in ids if each != stage), stage)
        raise Refused(
            f"no pipeline of the portal has the stage {stage!r} that the contract bills in (timing). "
            "Next: mend it, then: revmark contract lint",
            code="stage",
        )

    async def _make(self, kind: str, properties: dict[str, str], ends: Sequence[tuple[str, int]] = ()) -> str:
        associations = [
            {"to": {"id": to}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]}
            for to, number in ends
        ]
        body = {"inputs": [{"properties": properties, "associations": associations}]}
        reply = _taken(
            await self._post(self._reading.path(kind), "/batch/create", body, writes=True),
            f"a {kind.replace('_', ' ')}",
        )
        if len(reply.results) != 1:
            raise Refused(f"hubspot made {len(reply.results)} records for one {kind}", code="batch")
        return str(reply.results[0]["id"])

    async def _post(self, path: str, rest: str, body: dict[str, Any], *, writes: bool = False) -> Reply:
        self._api.pace.spare()
        return await self._api.post(self._api.objects(path, rest), body, writes=writes)


def _taken(reply: Reply, what: str) -> Reply:
    """A reply that refuses nothing."""
    if reply.refused or reply.errors:
        words = reply.errors[0].get("message") if reply.errors else reply.message
        raise Refused(f"hubspot refuses {what}: {words}", code=reply.code)
    return reply
