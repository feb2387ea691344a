"""The schemas API: custom objects. Enterprise only."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot.errors import Problem, invalid
from sandbox.hubspot.gate import Gate, body_of, flag
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.routes.dictionary import PropertyRoutes
from sandbox.hubspot.routes.paths import SCHEMAS
from sandbox.hubspot.standard import definitions
from sandbox.wire import Reply, iso

NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")


class SchemaRoutes:
    """Types of objects of the portal's own."""

    def __init__(self, gate: Gate, properties: PropertyRoutes) -> None:
        self.gate = gate
        self.portal = gate.portal
        self.properties = properties

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under both families of paths."""
        table = (
            ("", "GET", self.index),
            ("", "POST", self.create),
            ("/{object_type}", "GET", self.read),
            ("/{object_type}", "PATCH", self.update),
            ("/{object_type}", "DELETE", self.delete),
            ("/{object_type}/associations", "POST", self.associate),
        )
        return [
            Route(base + path, self.gate.guard(handler, self._scopes), methods=[method])
            for base in SCHEMAS
            for path, method, handler in table
        ]

    def _scopes(self, request: Request) -> list[str]:
        return [f"crm.schemas.custom.{'read' if request.method == 'GET' else 'write'}"]

    def _custom(self, request: Request) -> ObjectType:
        return self.portal.catalogue.get(request.path_params["object_type"])

    def _shown(self, kind: ObjectType) -> dict[str, object]:
        known = self.portal.dictionary.of(kind).values()
        return {
            **kind.schema,
            "properties": [d.wire() for d in known if d.archived_at is None],
            "associations": [
                {
                    "id": str(each.id),
                    "fromObjectTypeId": each.from_type,
                    "toObjectTypeId": each.to_type,
                    "name": each.name or f"{kind.singular}_to_{other.singular}",
                }
                for other in self.portal.catalogue.types
                for each in self.portal.associations.types(kind.type_id, other.type_id)
            ],
        }

    async def index(self, _request: Request) -> Response:
        """List the custom types."""
        return Reply({"results": [self._shown(k) for k in self.portal.catalogue.types if k.custom]})

    async def read(self, request: Request) -> Response:
        """Read a type."""
        kind = self._custom(request)
        if kind.custom:
            return Reply(self._shown(kind))
        labels = {"singular": kind.singular.capitalize(), "plural": kind.name.capitalize()}
        basics = {"id": kind.type_id, "objectTypeId": kind.type_id, "name": kind.singular, "labels": labels}
        return Reply({**self._shown(kind), **basics, "requiredProperties": [], "archived": False})

    async def create(self, request: Request) -> Response:
        """Make a type."""
        if not self.portal.enterprise:
            raise Problem(403, "Custom objects need an Enterprise subscription.", "MISSING_SCOPES")
        raw = await body_of(request)
        name = str(raw.get("name") or "")
        labels = raw.get("labels") or {}
        if not NAME.match(name) or not labels.get("singular") or not isinstance(raw.get("properties"), list):
            raise invalid("A schema needs a name, labels, requiredProperties and properties.")
        if self.portal.catalogue.find(name) is not None:
            raise Problem(409, f"An object type named {name} already exists.", "CONFLICT")
        kind = self._kind(name, raw)
        self.portal.catalogue.add(kind)
        self.portal.dictionary.add(kind, definitions(kind))
        group = f"{kind.singular}information"
        try:
            for each in raw["properties"]:
                self.properties.define(kind, each, group=group)
        except Problem:
            self.portal.catalogue.remove(kind)
            raise
        for other in raw.get("associatedObjects") or []:
            to = self.portal.catalogue.get(str(other).lower())
            self.portal.associations.define(kind.type_id, to.type_id, f"{name}_to_{to.singular}", None)
        self.portal.announcer.subscribe_to_all(kind)
        return Reply(self._shown(kind), status_code=201)

    def _kind(self, name: str, raw: dict[str, Any]) -> ObjectType:
        type_id = self.portal.next_object_type_id()
        now = iso(self.portal.now())
        required = [str(each) for each in raw.get("requiredProperties") or []]
        display = str(raw.get("primaryDisplayProperty") or (required or ["hs_object_id"])[0])
        return ObjectType(
            name=name,
            singular=name,
            type_id=type_id,
            display=display,
            scope="custom",
            defaults=(display,),
            required=tuple((each,) for each in required),
            searchable=tuple(raw.get("searchableProperties") or (display,)),
            custom=True,
            schema={
                "id": type_id.removeprefix("2-"),
                "objectTypeId": type_id,
                "fullyQualifiedName": f"p{self.portal.portal_id}_{name}",
                "name": name,
                "labels": raw["labels"],
                "description": raw.get("description"),
                "primaryDisplayProperty": display,
                "secondaryDisplayProperties": raw.get("secondaryDisplayProperties") or [],
                "requiredProperties": required,
                "searchableProperties": raw.get("searchableProperties") or [],
                "createdAt": now,
                "updatedAt": now,
                "archived": False,
            },
        )

    async def update(self, request: Request) -> Response:
        """Change a type; its name stays."""
        kind = self._custom(request)
        raw = await body_of(request)
        changeable = (
            "labels", "description", "primaryDisplayProperty", "secondaryDisplayProperties",
            "requiredProperties", "searchableProperties",
        )  # fmt: skip
        kind.schema.update({name: raw[name] for name in changeable if name in raw})
        if "requiredProperties" in raw:
            kind.required = tuple((str(each),) for each in raw["requiredProperties"])
        kind.schema["updatedAt"] = iso(self.portal.now())
        return Reply(self._shown(kind))

    async def delete(self, request: Request) -> Response:
        """Remove a type whose records are all archived."""
        kind = self._custom(request)
        if not kind.custom:
            raise invalid(f"{kind.name} is HubSpot's own; it cannot be deleted.")
        if any(not record.archived for record in self.portal.store.all(kind)):
            raise invalid(f"{kind.name} still has records; archive them first.")
        if flag(request, "archived") or kind in self.portal.catalogue.types:
            self.portal.catalogue.remove(kind)
        return Response(status_code=204)

    async def associate(self, request: Request) -> Response:
        """Let two types be associated."""
        raw = await body_of(request)
        kind = self.portal.catalogue.get(str(raw.get("fromObjectTypeId") or request.path_params["object_type"]))
        to = self.portal.catalogue.get(str(raw.get("toObjectTypeId")))
        name = str(raw.get("name") or f"{kind.singular}_to_{to.singular}")
        made = self.portal.associations.define(kind.type_id, to.type_id, name, None)
        shown = {"id": str(made.id), "fromObjectTypeId": made.from_type, "toObjectTypeId": made.to_type}
        return Reply({**shown, "name": name}, status_code=201)
