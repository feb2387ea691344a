"""The pipelines API."""

from collections.abc import Mapping
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot.errors import Problem, invalid
from sandbox.hubspot.gate import Gate, body_of, flag
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.pipelines import STAGE_PROPERTIES, Pipeline, Stage
from sandbox.hubspot.routes.paths import PIPELINES
from sandbox.wire import Reply


class PipelineRoutes:
    """Pipelines and their stages."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal

    def routes(self) -> list[BaseRoute]:
        """Give the routes, under both families of paths."""
        one, stages = "/{pipeline_id}", "/{pipeline_id}/stages"
        table = (
            ("", "GET", self.index),
            ("", "POST", self.create),
            (one, "GET", self.read),
            (one, "PATCH", self.update),
            (one, "PUT", self.replace),
            (one, "DELETE", self.delete),
            (stages, "GET", self.stages),
            (stages, "POST", self.create_stage),
            (stages + "/{stage_id}", "GET", self.read_stage),
            (stages + "/{stage_id}", "PATCH", self.update_stage),
            (stages + "/{stage_id}", "PUT", self.update_stage),
            (stages + "/{stage_id}", "DELETE", self.delete_stage),
        )
        return [
            Route(
                f"{base}/{{object_type}}{path}",
                self.gate.guard(handler, self.gate.pipeline_scopes),
                methods=[method],
            )
            for base in PIPELINES
            for path, method, handler in table
        ]

    def _kind(self, request: Request) -> ObjectType:
        return self.portal.catalogue.get(request.path_params["object_type"])

    def _pipeline(self, request: Request) -> Pipeline:
        return self.portal.pipelines.get(self._kind(request), request.path_params["pipeline_id"])

    def _stage(self, request: Request) -> Stage:
        stage_id = request.path_params["stage_id"]
        if (found := self._pipeline(request).stages.get(stage_id)) is None:
            raise Problem(404, f"Stage {stage_id} does not exist", "OBJECT_NOT_FOUND")
        return found

    async def index(self, request: Request) -> Response:
        """List a type's pipelines."""
        found = self.portal.pipelines.of(self._kind(request)).values()
        return Reply({"results": [p.wire() for p in sorted(found, key=lambda p: p.display_order)]})

    async def create(self, request: Request) -> Response:
        """Make a pipeline."""
        kind = self._kind(request)
        raw = await body_of(request)
        known, limit = self.portal.pipelines.of(kind), self.portal.pipeline_limit
        if limit is not None and len(known) >= limit:
            raise invalid(f"This account has reached its limit of {limit} pipelines of {kind.name}.")
        if (chosen := str(raw.get("pipelineId") or "")) in known:
            raise Problem(409, f"A pipeline with the id {chosen} already exists.", "CONFLICT")
        pipeline = self._make(kind, self._id(chosen, "pipeline"), raw)
        return Reply(pipeline.wire(), status_code=201)

    def _id(self, chosen: object, what: Literal["pipeline", "stage"]) -> str:
        """Give the id of what is made: the chosen one, unless the quirk has HubSpot give its own."""
        own = self.portal.quirks.own_ids == what
        return self.portal.pipelines.new_id() if own or not chosen else str(chosen)

    def _make(self, kind: ObjectType, pipeline_id: str, raw: Mapping[str, Any]) -> Pipeline:
        if not raw.get("label") or not isinstance(raw.get("stages"), list):
            raise invalid("Invalid input JSON: label, displayOrder and stages must be set")
        known = self.portal.pipelines.of(kind)
        if any(p.label == raw["label"] and p.id != pipeline_id for p in known.values()):
            raise Problem(409, f"A pipeline labelled {raw['label']} already exists.", "CONFLICT")
        stages = [
            (self._id(s.get("stageId"), "stage"), str(s["label"]), _metadata(kind, s))
            for s in sorted(raw["stages"], key=lambda s: s.get("displayOrder", 0))
        ]
        self._free(kind, [stage_id for stage_id, _, _ in stages], but=pipeline_id)
        order = int(raw.get("displayOrder", len(known)))
        made = self.portal.pipelines.add(
            kind, pipeline_id, str(raw["label"]), stages, self.portal.now(), order
        )  # fmt: skip
        self.portal.refresh_stages(kind)
        return made

    def _free(self, kind: ObjectType, stage_ids: list[str], *, but: str = "") -> None:
        """Refuse stages with ids that are taken; `but` is the pipeline that is made anew."""
        for place, stage_id in enumerate(stage_ids):
            found = self.portal.pipelines.stage(kind, stage_id)
            if stage_id in stage_ids[:place] or (found is not None and found[0].id != but):
                raise Problem(409, f"A stage with the id {stage_id} already exists.", "CONFLICT")

    async def read(self, request: Request) -> Response:
        """Read a pipeline."""
        return Reply(self._pipeline(request).wire())

    async def update(self, request: Request) -> Response:
        """Change a pipeline's name or place."""
        pipeline = self._pipeline(request)
        raw = await body_of(request)
        pipeline.label = str(raw.get("label", pipeline.label))
        pipeline.display_order = int(raw.get("displayOrder", pipeline.display_order))
        pipeline.updated = self.portal.now()
        self.portal.refresh_stages(self._kind(request))
        return Reply(pipeline.wire())

    async def replace(self, request: Request) -> Response:
        """Make a pipeline anew."""
        pipeline = self._pipeline(request)
        return Reply(self._make(self._kind(request), pipeline.id, await body_of(request)).wire())

    def _refuse_if_used(self, request: Request, stage_ids: set[str]) -> None:
        kind = self._kind(request)
        wanted = flag(request, "validateReferencesBeforeDelete") or flag(request, "validateDealStageUsagesBeforeDelete")
        if not wanted or kind.type_id not in STAGE_PROPERTIES:
            return
        name = STAGE_PROPERTIES[kind.type_id][1]
        users = [r for r in self.portal.store.all(kind) if r.get(name) in stage_ids and not r.archived]
        if users:
            raise invalid(f"Still in use by {len(users)} {kind.name}.")

    async def delete(self, request: Request) -> Response:
        """Remove a pipeline."""
        pipeline = self._pipeline(request)
        self._refuse_if_used(request, set(pipeline.stages))
        kind = self._kind(request)
        del self.portal.pipelines.of(kind)[pipeline.id]
        self.portal.refresh_stages(kind)
        return Response(status_code=204)

    async def stages(self, request: Request) -> Response:
        """List a pipeline's stages."""
        return Reply({"results": self._pipeline(request).wire()["stages"]})

    async def create_stage(self, request: Request) -> Response:
        """Add a stage."""
        pipeline = self._pipeline(request)
        raw = await body_of(request)
        if not raw.get("label"):
            raise invalid("Invalid input JSON: label, displayOrder and metadata must be set")
        kind = self._kind(request)
        now = self.portal.now()
        stage_id = self._id(raw.get("stageId"), "stage")
        self._free(kind, [stage_id])
        order = int(raw.get("displayOrder", len(pipeline.stages)))
        stage = Stage(stage_id, str(raw["label"]), order, _metadata(kind, raw), now, now)
        pipeline.stages[stage_id] = stage
        self.portal.refresh_stages(kind)
        return Reply(stage.wire(), status_code=201)

    async def read_stage(self, request: Request) -> Response:
        """Read a stage."""
        return Reply(self._stage(request).wire())

    async def update_stage(self, request: Request) -> Response:
        """Change a stage."""
        stage = self._stage(request)
        raw = await body_of(request)
        stage.label = str(raw.get("label", stage.label))
        stage.display_order = int(raw.get("displayOrder", stage.display_order))
        if "metadata" in raw:
            stage.metadata.update(_metadata(self._kind(request), raw))
        stage.updated = self.portal.now()
        self.portal.refresh_stages(self._kind(request))
        return Reply(stage.wire())

    async def delete_stage(self, request: Request) -> Response:
        """Remove a stage."""
        stage = self._stage(request)
        self._refuse_if_used(request, {stage.id})
        del self._pipeline(request).stages[stage.id]
        self.portal.refresh_stages(self._kind(request))
        return Response(status_code=204)


def _metadata(kind: ObjectType, raw: Mapping[str, Any]) -> dict[str, str]:
    given = {str(name): str(value) for name, value in (raw.get("metadata") or {}).items()}
    if kind.name == "orders" and given.get("state") not in {"OPEN", "CLOSED"}:
        raise invalid("An order stage's metadata need a state: OPEN or CLOSED.")
    if kind.name != "deals":
        return given
    probability = given.get("probability")
    if probability is None:
        raise invalid("A deal stage's metadata need a probability.")
    return {**given, "isClosed": str(probability in {"0.0", "1.0", "0", "1"}).lower()}
