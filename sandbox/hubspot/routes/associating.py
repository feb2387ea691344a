"""The associations API, v4 and date-based."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot.association_types import AssociationType
from sandbox.hubspot.errors import Problem, invalid
from sandbox.hubspot.gate import Gate, body_of, path_of, record_id, whole
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.quota import Bucket
from sandbox.hubspot.records import Record
from sandbox.hubspot.routes.batches import Outcome, inputs_of
from sandbox.hubspot.routes.lookup import live
from sandbox.hubspot.routes.paths import (
    ASSOCIATIONS,
    LISTED_ASSOCIATIONS,
    RECORD_ASSOCIATIONS,
    dated,
)
from sandbox.wire import Reply, decode

CREATE_LIMIT = 2_000  # inputs
READ_LIMIT = 1_000  # inputs
PAGE = 500  # associations of one record in a page


class AssociationRoutes:
    """What is associated with what."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under both families of paths."""
        single = "/{object_type}/{object_id}/associations"
        table = [
            (RECORD_ASSOCIATIONS, single + "/default/{to_type}/{to_id}", "PUT", self.put_default),
            (RECORD_ASSOCIATIONS, single + "/{to_type}/{to_id}", "PUT", self.put),
            (RECORD_ASSOCIATIONS, single + "/{to_type}/{to_id}", "DELETE", self.delete),
            (LISTED_ASSOCIATIONS, single + "/{to_type}", "GET", self.index),
            (ASSOCIATIONS, "/{object_type}/{to_type}/batch/read", "POST", self.read),
            (ASSOCIATIONS, "/{object_type}/{to_type}/batch/create", "POST", self.create),
            (ASSOCIATIONS, "/{object_type}/{to_type}/batch/associate/default", "POST", self.default),
            (ASSOCIATIONS, "/{object_type}/{to_type}/batch/archive", "POST", self.archive),
            (ASSOCIATIONS, "/{object_type}/{to_type}/batch/labels/archive", "POST", self.unlabel),
            (ASSOCIATIONS, "/{object_type}/{to_type}/labels", "GET", self.labels),
            (ASSOCIATIONS, "/{object_type}/{to_type}/labels", "POST", self.define),
        ]
        return [
            Route(
                base + path,
                self.gate.guard(handler, self.gate.object_scopes, Bucket.ASSOCIATIONS),
                methods=[method],
            )
            for bases, path, method, handler in table
            for base in bases
        ]

    def _kinds(self, request: Request) -> tuple[ObjectType, ObjectType]:
        params = request.path_params
        return self.portal.catalogue.get(params["object_type"]), self.portal.catalogue.get(params["to_type"])

    def _pair(self, request: Request) -> tuple[Record, Record]:
        kind, to_kind = self._kinds(request)
        params = request.path_params
        return live(self.portal, kind, params["object_id"]), live(self.portal, to_kind, params["to_id"])

    def _types(self, kind: ObjectType, to_kind: ObjectType, raw: Any) -> list[AssociationType]:
        if not isinstance(raw, list) or not raw:
            raise invalid("An association needs a list of types.")
        found = []
        for each in raw:
            type_id = record_id(each.get("associationTypeId"))
            if type_id is None:
                raise invalid("An association type needs associationCategory and associationTypeId.")
            known = self.portal.associations.type(kind.type_id, to_kind.type_id, type_id)
            if each.get("associationCategory") != known.category:
                raise invalid(f"Association type {type_id} is of category {known.category}.")
            found.append(known)
        return found

    async def put_default(self, request: Request) -> Response:
        """Associate two records without a label."""
        origin, target = self._pair(request)
        outcome = Outcome(self.portal)
        outcome.results += self._associate_default(origin, target)
        return outcome.reply()

    def _associate_default(self, origin: Record, target: Record) -> list[dict[str, object]]:
        kind = self.portal.associations.default(origin.kind.type_id, target.kind.type_id)
        self.portal.writer.associate(origin, target, [kind], self.gate.actor)
        return [_spec(origin, target, kind.id, kind.category), _spec(target, origin, kind.inverse, kind.category)]

    async def put(self, request: Request) -> Response:
        """Associate two records under labels; what labels there were are replaced."""
        origin, target = self._pair(request)
        raw = decode(await request.body() or b"null")
        types = self._types(origin.kind, target.kind, raw)
        changes = self.portal.associations.relabel(
            (origin.kind.type_id, origin.id), (target.kind.type_id, target.id), types
        )
        ids = [each.id for each in types]
        self.portal.writer.associated(origin, target, changes, self.gate.actor, "associate", ids)
        return Reply(_labels(origin, target, types), status_code=200 if dated(path_of(request)) else 201)

    async def delete(self, request: Request) -> Response:
        """Part two records."""
        origin, target = self._pair(request)
        self.portal.writer.dissociate(origin, target, None, self.gate.actor)
        return Response(status_code=204)

    def _page(self, request: Request, record: Record, to_kind: ObjectType, limit: int, after: int) -> dict[str, Any]:
        node = (record.kind.type_id, record.id)
        found = [
            (other, types)
            for other, types in self.portal.associations.of(node, to_kind.type_id)
            if other >= after and self.portal.live((to_kind.type_id, other)) is not None
        ]
        spell = str if dated(path_of(request)) else int  # v4 answers with numbers, its successor with text
        shown: dict[str, Any] = {
            "to": [
                {
                    "toObjectId": spell(other),
                    "associationTypes": [
                        {"category": each.category, "typeId": each.id, "label": each.label} for each in types
                    ],
                }
                for other, types in found[:limit]
            ]
        }
        if len(found) > limit:
            shown["paging"] = {"next": {"after": str(found[limit][0]), "link": ""}}
        return shown

    async def index(self, request: Request) -> Response:
        """List what a record is associated with."""
        kind, to_kind = self._kinds(request)
        record = live(self.portal, kind, request.path_params["object_id"])
        after = record_id(request.query_params.get("after", "0")) or 0
        page = self._page(request, record, to_kind, whole(request, "limit", PAGE, PAGE), after)
        return Reply({"results": page.pop("to"), **page})

    async def read(self, request: Request) -> Response:
        """Read what many records are associated with; those without any are among the errors."""
        kind, to_kind = self._kinds(request)
        inputs = inputs_of(await body_of(request), READ_LIMIT)
        outcome = Outcome(self.portal)
        for each in inputs:
            number = record_id(each.get("id"))
            record = None if number is None else self.portal.live((kind.type_id, number))
            after = record_id(each.get("after") or 0) or 0
            page = self._page(request, record, to_kind, PAGE, after) if record else {"to": []}
            if page["to"]:
                outcome.results.append({"from": {"id": str(each.get("id"))}, **page})
            else:
                message = f"No {to_kind.singular} is associated with {kind.singular} {each.get('id')}."
                problem = Problem(
                    404,
                    message,
                    "OBJECT_NOT_FOUND",
                    sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
                    context={"fromObjectId": [str(each.get("id"))]},
                )
                outcome.errors.append({**problem.item({}), "subCategory": problem.sub_category})
        return outcome.reply()

    def _ends(self, request: Request, each: Mapping[str, Any]) -> tuple[Record, Record]:
        kind, to_kind = self._kinds(request)
        origin = live(self.portal, kind, (each.get("from") or {}).get("id"))
        return origin, live(self.portal, to_kind, (each.get("to") or {}).get("id"))

    async def create(self, request: Request) -> Response:
        """Associate many pairs under labels; one that cannot be fails them all."""
        inputs = inputs_of(await body_of(request), CREATE_LIMIT)
        kinds = self._kinds(request)
        planned = [(*self._ends(request, each), self._types(*kinds, each.get("types"))) for each in inputs]
        outcome = Outcome(self.portal)
        for origin, target, types in planned:
            self.portal.writer.associate(origin, target, types, self.gate.actor)
            outcome.results.append(_labels(origin, target, types))
        return outcome.reply(200 if dated(path_of(request)) else 201)

    async def default(self, request: Request) -> Response:
        """Associate many pairs without a label; one that cannot be fails them all."""
        inputs = inputs_of(await body_of(request), CREATE_LIMIT)
        outcome = Outcome(self.portal)
        for origin, target in [self._ends(request, each) for each in inputs]:
            outcome.results += self._associate_default(origin, target)
        return outcome.reply()

    async def archive(self, request: Request) -> Response:
        """Part many records."""
        inputs = inputs_of(await body_of(request), CREATE_LIMIT)
        pairs = [
            self._ends(request, {"from": each.get("from"), "to": to}) for each in inputs for to in each.get("to") or []
        ]
        for origin, target in pairs:
            self.portal.writer.dissociate(origin, target, None, self.gate.actor)
        return Response(status_code=200 if dated(path_of(request)) else 204)

    async def unlabel(self, request: Request) -> Response:
        """Take labels off many pairs; the pairs stay associated."""
        inputs = inputs_of(await body_of(request), CREATE_LIMIT)
        kinds = self._kinds(request)
        planned = [(*self._ends(request, each), self._types(*kinds, each.get("types"))) for each in inputs]
        for origin, target, types in planned:
            self.portal.writer.dissociate(origin, target, [t.id for t in types], self.gate.actor)
        return Response(status_code=200 if dated(path_of(request)) else 204)

    async def labels(self, request: Request) -> Response:
        """List the types between two object types."""
        kind, to_kind = self._kinds(request)
        types = self.portal.associations.types(kind.type_id, to_kind.type_id)
        return Reply({"results": [_label(each) for each in types]})

    async def define(self, request: Request) -> Response:
        """Make a label of this portal's own."""
        kind, to_kind = self._kinds(request)
        raw = await body_of(request)
        if not raw.get("label") or not raw.get("name"):
            raise invalid("A label needs name and label.")
        made = self.portal.associations.define(kind.type_id, to_kind.type_id, raw["name"], raw["label"])
        inverse = self.portal.associations.type(to_kind.type_id, kind.type_id, made.inverse)
        return Reply({"results": [_label(made), _label(inverse)]})


def _label(each: AssociationType) -> dict[str, object]:
    return {"category": each.category, "typeId": each.id, "label": each.label}


def _spec(origin: Record, target: Record, type_id: int, category: str) -> dict[str, object]:
    return {
        "from": {"id": str(origin.id)},
        "to": {"id": str(target.id)},
        "associationSpec": {"associationCategory": category, "associationTypeId": type_id},
    }


def _labels(origin: Record, target: Record, types: list[AssociationType]) -> dict[str, object]:
    return {
        "fromObjectTypeId": origin.kind.type_id,
        "fromObjectId": str(origin.id),
        "toObjectTypeId": target.kind.type_id,
        "toObjectId": str(target.id),
        "labels": [each.label for each in types if each.label],
    }
