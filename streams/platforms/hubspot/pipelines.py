"""Pipelines that a contract asks for: what of them a portal lacks, and how it is made there, once.

In: a door to the portal, a contract. Out: the pipelines and stages that are lacking; the same, made. Invariants: what
is there is never changed; a stage is known by its id, its label is the portal's own; what HubSpot made under another id
than was asked for is not gone on with.
Source: HubSpot's guide to pipelines. How many a portal may have depends on its subscription, and a refusal says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from schemas.contract import Contract
from schemas.errors import Parked, Refused
from streams.platforms.hubspot.shapes import Shape, path_of
from streams.platforms.hubspot.stages import ORDERS, Pipeline, Stage

Json = dict[str, Any]
ELSE = (
    "an account that may have no further pipeline of orders gives one up in HubSpot, or leaves the stage of orders "
    "alone: platforms.objects: {order: native, order_pipeline: none}"
)
AGAIN = "Next: revmark provision --yes"


class PipelinePortal(Protocol):
    """What is needed of a portal: the pipeline endpoints, as the client has them."""

    async def pipelines(self, path: str) -> list[Json]:
        """The pipelines of an object type, with their stages."""
        ...

    async def create_pipeline(self, path: str, body: Json) -> Json:
        """Make a pipeline; give it as it is there."""
        ...

    async def create_stage(self, path: str, pipeline: str, body: Json) -> Json:
        """Make a stage; give it as it is there."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pipeline of which something is lacking: all of it, or stages."""

    pipeline: Pipeline
    stages: tuple[Stage, ...]  # those that are not there
    there: bool
    place: int  # among the portal's pipelines of this type

    @property
    def words(self) -> list[str]:
        """Each thing in a line's words."""
        whole = [] if self.there else [f"pipeline {self.pipeline.kind}.{self.pipeline.id}"]
        return whole + [f"stage {self.pipeline.kind}.{each.id}" for each in self.stages]

    @property
    def bodies(self) -> list[Json]:
        """The stages as HubSpot is given them, each in its place among all."""
        return [each.body(self.pipeline.stages.index(each)) for each in self.stages]

    def document(self) -> Json:
        """As JSON: as HubSpot is given it."""
        return {
            "object": self.pipeline.kind,
            "there": self.there,
            **self.pipeline.body(self.place),
            "stages": self.bodies,
        }


def pipelines_of(contract: Contract | None) -> tuple[Pipeline, ...]:
    """The pipelines that a contract asks for: that of HubSpot's own orders, unless their stage is left alone."""
    if contract is None:
        return ()
    objects = contract.platforms.objects
    return (ORDERS,) if objects.order == "native" and objects.order_pipeline == "revmark" else ()


async def lacking_pipelines(
    portal: PipelinePortal, contract: Contract | None, shapes: Mapping[str, Shape]
) -> tuple[Wanted, ...]:
    """What of the pipelines the portal lacks; nothing is changed.

    Raises:
        Parked: the token may not read pipelines; the message names the scope.
        Refused: one is there in the way of ours.
        Throttled, Transient: try again.
    """
    found: list[Wanted] = []
    for pipeline in pipelines_of(contract):
        there = await portal.pipelines(path_of(pipeline.kind, shapes))
        mine = next((each for each in there if str(each.get("id")) == pipeline.id), None)
        _free(pipeline, [each for each in there if each is not mine])
        known = _ids((mine or {}).get("stages"))
        stages = tuple(each for each in pipeline.stages if each.id not in known)
        if mine is None or stages:
            found.append(Wanted(pipeline, stages, mine is not None, len(there)))
    return tuple(found)


async def make_pipelines(portal: PipelinePortal, wanted: Iterable[Wanted], shapes: Mapping[str, Shape]) -> None:
    """Make what is lacking.

    Raises:
        Parked: the app may not; the message names the scope.
        Refused: HubSpot does not, as where the account may have no further one, or has made something else.
        Throttled, Transient: try again, nothing is made twice.
    """
    for each in wanted:
        path, pipeline = path_of(each.pipeline.kind, shapes), each.pipeline
        if each.there:
            for stage, body in zip(each.stages, each.bodies, strict=True):
                made = await portal.create_stage(path, pipeline.id, body)
                _as_asked(f"the stage {stage.label} of the pipeline {pipeline.label}", stage.id, made)
            continue
        try:
            made = await portal.create_pipeline(path, pipeline.body(each.place))
        except Refused as error:
            said = f"{error.message}. Nothing was made; {ELSE}. {AGAIN}"
            raise Refused(said, code=error.code) from error
        except Parked as error:
            raise Parked(f"{error.message} ({ELSE})", until=error.until, code=error.code) from error
        _as_asked(f"the pipeline {pipeline.label}", pipeline.id, made)
        there = _ids(made.get("stages"))
        if left := [stage.label for stage in pipeline.stages if stage.id not in there]:
            raise Refused(
                f"hubspot made the pipeline {pipeline.label} without the stages {', '.join(left)}. {AGAIN}",
                code="pipeline",
            )


def _free(pipeline: Pipeline, others: Sequence[Json]) -> None:
    """See that nothing else has our names.

    Raises:
        Refused: it has; nothing was changed.
    """
    ours = {each.id for each in pipeline.stages}
    for other in others:
        if str(other.get("label")) == pipeline.label:
            raise Refused(
                f"the portal has a pipeline {pipeline.label} that is not Revmark's (its id is {other.get('id')}, not "
                f"{pipeline.id}). Nothing was changed. Rename it in HubSpot. {AGAIN}",
                code="pipeline",
            )
        if taken := sorted(ours & _ids(other.get("stages"))):
            raise Refused(
                f"the pipeline {other.get('label')} has stages with ids of Revmark's: {', '.join(taken)}. Nothing was "
                f"changed. Take them out of it in HubSpot. {AGAIN}",
                code="pipeline",
            )


def _as_asked(what: str, wanted: str, made: Json) -> None:
    if str(made.get("id")) != wanted:
        raise Refused(
            f"hubspot made {what} under the id {made.get('id')}, and Revmark puts records into {wanted} only. Remove "
            f"it in HubSpot; {ELSE}. {AGAIN}",
            code="pipeline",
        )


def _ids(stages: object) -> set[str]:
    return {str(each.get("id")) for each in stages if isinstance(each, dict)} if isinstance(stages, list) else set()
