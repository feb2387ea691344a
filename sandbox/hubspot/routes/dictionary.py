"""The properties API: definitions and groups."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot.definitions import FIELD_TYPES, Definition, Group
from sandbox.hubspot.errors import Problem, invalid
from sandbox.hubspot.gate import Gate, body_of, flag
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.routes.batches import inputs_of
from sandbox.hubspot.routes.paths import PROPERTIES
from sandbox.wire import Reply, iso

NAME = re.compile(r"^[a-z][a-z0-9_]{0,99}$")
UNIQUE_LIMIT = 10  # custom unique properties per type
REQUIRED = ("name", "label", "type", "fieldType", "groupName")


class PropertyRoutes:
    """What records may hold."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under both families of paths."""
        table = (
            ("", "GET", self.index),
            ("", "POST", self.create),
            ("/batch/read", "POST", self.read_batch),
            ("/batch/create", "POST", self.create_batch),
            ("/batch/archive", "POST", self.archive_batch),
            ("/groups", "GET", self.groups),
            ("/groups", "POST", self.create_group),
            ("/groups/{name}", "GET", self.read_group),
            ("/groups/{name}", "PATCH", self.update_group),
            ("/groups/{name}", "DELETE", self.archive_group),
            ("/{name}", "GET", self.read),
            ("/{name}", "PATCH", self.update),
            ("/{name}", "DELETE", self.archive),
        )
        return [
            Route(
                f"{base}/{{object_type}}{path}",
                self.gate.guard(handler, self.gate.schema_scopes),
                methods=[method],
            )
            for base in PROPERTIES
            for path, method, handler in table
        ]

    def _kind(self, request: Request) -> ObjectType:
        return self.portal.catalogue.get(request.path_params["object_type"])

    def _known(self, request: Request) -> Definition:
        name = request.path_params["name"]
        found = self.portal.dictionary.of(self._kind(request)).get(name)
        if found is None or (found.archived_at is not None) != flag(request, "archived"):
            message = f"Property {name} does not exist"
            raise Problem(404, message, "OBJECT_NOT_FOUND", context={"name": [name]})
        return found

    async def index(self, request: Request) -> Response:
        """List a type's properties."""
        archived = flag(request, "archived")
        known = self.portal.dictionary.of(self._kind(request)).values()
        return Reply({"results": [d.wire() for d in known if (d.archived_at is not None) == archived]})

    async def create(self, request: Request) -> Response:
        """Define a property."""
        kind = self._kind(request)
        return Reply(self.define(kind, await body_of(request)).wire(), status_code=201)

    def define(self, kind: ObjectType, raw: Mapping[str, Any], *, group: str | None = None) -> Definition:
        """Check a definition and keep it. Raises `Problem`."""
        definition = self.checked(kind, {**({"groupName": group} if group else {}), **raw})
        self.portal.dictionary.add(kind, [definition])
        return definition

    def checked(self, kind: ObjectType, raw: Mapping[str, Any]) -> Definition:
        """Check a definition. Raises `Problem`."""
        missing = [name for name in REQUIRED if not raw.get(name)]
        if missing:
            raise invalid(f"Invalid input JSON: {', '.join(missing)} must be set")
        name, of_type, field_type = str(raw["name"]).lower(), str(raw["type"]), str(raw["fieldType"])
        if not NAME.match(name):
            raise invalid(f'Property name "{raw["name"]}" must be letters, digits and underscores.')
        if self.portal.dictionary.find(kind, name) is not None:
            raise Problem(409, f'A property named "{name}" already exists.', "OBJECT_ALREADY_EXISTS")
        if of_type not in FIELD_TYPES or field_type not in FIELD_TYPES[of_type]:
            raise invalid(f"Property {name}: type {of_type} does not go with fieldType {field_type}.")
        group = str(raw["groupName"])
        if group not in self.portal.dictionary.groups(kind):
            raise invalid(f'Property group "{group}" does not exist.')
        unique = bool(raw.get("hasUniqueValue", False))
        if unique and of_type not in {"string", "number"}:
            raise invalid(f"Property {name}: only text and numbers can be unique.")
        mine = [d for d in self.portal.dictionary.of(kind).values() if d.unique and not d.hubspot]
        if unique and len(mine) >= UNIQUE_LIMIT:
            raise invalid(f"At most {UNIQUE_LIMIT} unique properties are allowed on {kind.singular}.")
        now = self.portal.now()
        return Definition(
            name,
            of_type,
            str(raw["label"]),
            field_type,
            group,
            _options(raw.get("options")),
            unique=unique,
            hubspot=False,
            description=str(raw.get("description") or ""),
            display_order=int(raw.get("displayOrder", -1)),
            hidden=bool(raw.get("hidden", False)),
            form_field=bool(raw.get("formField", False)),
            created=now,
            updated=now,
        )

    async def read(self, request: Request) -> Response:
        """Read a definition."""
        return Reply(self._known(request).wire())

    async def update(self, request: Request) -> Response:
        """Change a definition; that its values are unique cannot be changed."""
        definition = self._known(request)
        raw = await body_of(request)
        if definition.hubspot and set(raw) - {"options", "label", "description", "displayOrder"}:
            raise invalid(f"{definition.name} is HubSpot's own; its definition is read-only.")
        definition.label = str(raw.get("label", definition.label))
        definition.description = str(raw.get("description", definition.description))
        definition.group = str(raw.get("groupName", definition.group))
        if "options" in raw:
            definition.options = _options(raw["options"])
        definition.updated = self.portal.now()
        return Reply(definition.wire())

    def _archive(self, definition: Definition) -> None:
        if definition.hubspot:
            raise invalid(f"{definition.name} is HubSpot's own; it cannot be archived.")
        definition.archived_at = self.portal.now()

    async def archive(self, request: Request) -> Response:
        """Archive a definition."""
        self._archive(self._known(request))
        return Response(status_code=204)

    async def read_batch(self, request: Request) -> Response:
        """Read definitions by name."""
        known = self.portal.dictionary.of(self._kind(request))
        raw = await body_of(request)
        names = [str(each.get("name")) for each in inputs_of(raw)]
        found = [known[n].wire() for n in names if n in known and not known[n].archived_at]
        missing = [n for n in names if n not in known or known[n].archived_at]
        now = iso(self.portal.now())
        body: dict[str, object] = {
            "status": "COMPLETE",
            "results": found,
            "startedAt": now,
            "completedAt": now,
        }
        if missing:
            problem = Problem(404, "Some properties do not exist", "OBJECT_NOT_FOUND")
            body.update(numErrors=len(missing), errors=[problem.item({"name": missing})])
        return Reply(body, status_code=207 if missing else 200)

    async def create_batch(self, request: Request) -> Response:
        """Define properties; one that cannot be defined fails them all."""
        kind = self._kind(request)
        inputs = inputs_of(await body_of(request))
        made = [self.checked(kind, each) for each in inputs]
        self.portal.dictionary.add(kind, made)
        now = iso(self.portal.now())
        results = [definition.wire() for definition in made]
        body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
        return Reply(body, status_code=201)

    async def archive_batch(self, request: Request) -> Response:
        """Archive definitions."""
        kind = self._kind(request)
        for each in inputs_of(await body_of(request)):
            if (definition := self.portal.dictionary.find(kind, str(each.get("name")))) is not None:
                self._archive(definition)
        return Response(status_code=204)

    async def groups(self, request: Request) -> Response:
        """List a type's groups."""
        known = self.portal.dictionary.groups(self._kind(request)).values()
        return Reply({"results": [group.wire() for group in known]})

    async def create_group(self, request: Request) -> Response:
        """Make a group."""
        groups = self.portal.dictionary.groups(self._kind(request))
        raw = await body_of(request)
        if not raw.get("name") or not raw.get("label"):
            raise invalid("Invalid input JSON: name and label must be set")
        name = str(raw["name"])
        if name in groups:
            raise Problem(409, f'A property group named "{name}" already exists.', "OBJECT_ALREADY_EXISTS")
        groups[name] = Group(name, str(raw["label"]), int(raw.get("displayOrder", -1)))
        return Reply(groups[name].wire(), status_code=201)

    def _group(self, request: Request) -> Group:
        name = request.path_params["name"]
        if (found := self.portal.dictionary.groups(self._kind(request)).get(name)) is None:
            raise Problem(404, f"Property group {name} does not exist", "OBJECT_NOT_FOUND")
        return found

    async def read_group(self, request: Request) -> Response:
        """Read a group."""
        return Reply(self._group(request).wire())

    async def update_group(self, request: Request) -> Response:
        """Change a group."""
        group = self._group(request)
        raw = await body_of(request)
        group.label = str(raw.get("label", group.label))
        group.display_order = int(raw.get("displayOrder", group.display_order))
        return Reply(group.wire())

    async def archive_group(self, request: Request) -> Response:
        """Remove a group."""
        group = self._group(request)
        kind = self._kind(request)
        if any(d.group == group.name for d in self.portal.dictionary.of(kind).values()):
            raise invalid(f'Property group "{group.name}" still has properties.')
        del self.portal.dictionary.groups(kind)[group.name]
        return Response(status_code=204)


def _options(raw: Any) -> list[dict[str, object]]:
    return [
        {
            "value": str(option["value"]),
            "label": str(option.get("label", option["value"])),
            "displayOrder": option.get("displayOrder", order),
            "hidden": bool(option.get("hidden", False)),
            "description": str(option.get("description") or ""),
        }
        for order, option in enumerate(raw or [])
    ]
