"""Reading records: batches of a hundred, with their associations, and deals with their line items.

Batches, and the associations of one batch, are read side by side: none of them needs another's answer.

In: kinds and ids. Out: `Seen`, whose `raw` is {"id", "properties", "updatedAt", "archived", "associations",
"line_items", "history"}, the last of the properties of which the later edit wins. Invariant: a reply is joined on what
it says, never on the id that was sent: a merged record answers under another id.
Sources: HubSpot's guides to objects and associations; its note on merged contacts and companies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from schemas.errors import Refused, Transient
from schemas.instants import parse_instant, to_millis, version_millis
from streams.platforms.hubspot.abreast import abreast
from streams.platforms.hubspot.api import Api, Json
from streams.platforms.hubspot.history import HISTORY, entered
from streams.platforms.hubspot.limits import ASSOCIATION_READS, BATCH, HISTORIES
from streams.platforms.hubspot.quotes import accepted
from streams.platforms.hubspot.shapes import (
    BELONGINGS,
    LINE_ITEM,
    LINE_ITEMS,
    MERGED,
    PARTS,
    QUOTE,
    QUOTE_PROPERTIES,
    QUOTES,
    SHAPES,
    Shape,
    is_id,
    path_of,
)
from streams.platforms.interface import Seen
from streams.platforms.memory import Memory

NOT_FOUND = 404
Item = TypeVar("Item")
MOVING, FOLLOWING = "company", ("contact", "deal")  # whose merge moves the associations of which other kinds
PRIMARY = {1, 5}  # association types: contact to primary company, deal to primary company
ALIASED = {"company", "contact"}  # whose merges make a new id, under which the old ones still answer one by one


class Reading:
    """The reading half of the client."""

    def __init__(self, api: Api, shapes: Mapping[str, Shape] = SHAPES) -> None:
        self._api = api
        self.shapes = shapes
        self._memory = Memory()

    async def read(self, kind: str, record_ids: Sequence[str]) -> list[Seen]:
        """Read records now; one that is gone comes back as deleted; a line item or a quote comes back as its deals.

        A survivor of a merge that this client has not met yet comes with its people and deals: they have moved to it,
        and nothing else may tell. Deals come after their companies, where these say who pays.

        Raises:
            Refused: the kind is not known.
            Throttled, Parked, Transient: try again.
        """
        asked = list(dict.fromkeys(record_ids))
        if kind in PARTS:
            return await self.read("deal", await self.deals_of(PARTS[kind], [each for each in asked if is_id(each)]))
        if kind == BELONGINGS:
            return await self._belongings([each for each in asked if is_id(each)])
        shape = self.shape(kind)
        followers: list[Seen] = []
        seen: dict[str, Seen] = {each: self._gone(kind, each) for each in asked if not is_id(each)}
        parts = chunks([each for each in asked if is_id(each)], HISTORIES if shape.dated else BATCH)
        for part in await abreast(self._part(shape, part) for part in parts):
            for each in part:
                if each.kind == kind:
                    seen[each.record_id] = each
                else:
                    followers.append(each)
        return [*followers, *seen.values()] if kind == "deal" else [*seen.values(), *followers]

    async def read_back(
        self, kind: str, record_ids: Sequence[str], names: Iterable[str]
    ) -> tuple[list[Seen], dict[str, Json]]:
        """Read what was written to, with the histories of these properties as they are now, by record.

        One reading gives both: what is shown and what is asked of its past are of the same moment. A record that was
        merged away meanwhile has no history here.

        Raises:
            Refused, Throttled, Parked, Transient: as reading does.
        """
        shape = self.shape(kind)
        asked, history = list(dict.fromkeys(record_ids)), sorted({*shape.dated, *names})
        parts = chunks(asked, HISTORIES if history else BATCH)
        found = await abreast(self.batch(shape.path, part, shape.properties, history=history) for part in parts)
        records = [record for some in found for record in some]
        histories: dict[str, Json] = {record["id"]: record.get(HISTORY) or {} for record in records}
        missing = [each for each in asked if each not in histories]
        seen = await self.shown(shape, records)
        return [*seen, *(await self.read(kind, missing) if missing else [])], histories

    async def _part(self, shape: Shape, record_ids: Sequence[str]) -> list[Seen]:
        """Records of one batch: the gone ones first."""
        records = await self.batch(shape.path, record_ids, shape.properties, history=shape.dated)
        answered = {name for record in records for name in (record["id"], *merged_ids(record))}
        missing = [each for each in record_ids if each not in answered]
        found = await abreast(self._alias(shape, each) for each in missing)
        lost = [each for each, record in zip(missing, found, strict=True) if record is None]
        deleted = await self._deletions(shape, lost)
        gone = [self._gone(shape.kind, each, deleted.get(each, 0)) for each in lost]
        return [*gone, *await self.shown(shape, [*records, *(each for each in found if each is not None)])]

    async def shown(self, shape: Shape, records: Sequence[Json]) -> list[Seen]:
        """Records with what belongs to them, and with what has moved to those that are new by a merge."""
        merged = [record["id"] for record in records if merged_ids(record)] if shape.kind == MOVING else []
        new = [each for each in merged if not self._memory.version(shape.kind, each)]
        found = await self.complete(shape, records)
        return [*await self._payers(shape, found), *found, *await self._belongings(new)]

    async def _payers(self, shape: Shape, deals: Sequence[Seen]) -> list[Seen]:
        """The companies of deals as they are now, where they say who pays: no deal goes to one who paid before."""
        company = self.shapes[MOVING]
        if shape.kind != "deal" or not company.payer:
            return []
        ids = list(dict.fromkeys(each for deal in deals for each in deal.raw["associations"][MOVING][:1]))
        parts = await abreast(self.batch(company.path, part, company.properties) for part in chunks(ids, HISTORIES))
        return await self.complete(company, [record for part in parts for record in part])

    async def _belongings(self, companies: Sequence[str]) -> list[Seen]:
        """The people and deals of companies."""
        found = await abreast(self._belonging(role, companies) for role in (FOLLOWING if companies else ()))
        return [each for some in found for each in some]

    async def _belonging(self, role: str, companies: Sequence[str]) -> list[Seen]:
        ends = await self.associated(self.path(MOVING), self.path(role), companies)
        return await self.read(role, [each for some in ends.values() for each in some])

    def shape(self, kind: str) -> Shape:
        """The shape of a kind.

        Raises:
            Refused: it is not one of ours.
        """
        if kind not in self.shapes:
            raise Refused(f"hubspot: the kind {kind!r} is not followed", code="kind")
        return self.shapes[kind]

    def path(self, kind: str) -> str:
        """Where records of a kind are read and written."""
        return path_of(kind, self.shapes)

    async def find(self, shape: Shape, values: Sequence[str]) -> list[Seen]:
        """The records whose unique property has one of these values, of at most a hundred."""
        asked = list(dict.fromkeys(values))
        records = await self.batch(shape.path, asked, shape.properties, id_property=shape.key)
        return await self.complete(shape, records)

    async def batch(
        self,
        path: str,
        ids: Sequence[str],
        properties: Sequence[str],
        *,
        id_property: str | None = None,
        history: Sequence[str] = (),
    ) -> list[Json]:
        """The records that are there, of at most a hundred; joined on nothing, in any order.

        With the histories of properties, of at most fifty.
        """
        body: Json = {"inputs": [{"id": each} for each in ids], "properties": list(properties)}
        if history:
            body["propertiesWithHistory"] = list(history)
        if id_property is not None:
            body["idProperty"] = id_property
        reply = await self._api.post(self._api.objects(path, "/batch/read"), body)
        if (
            reply.status == NOT_FOUND
        ):  # an object type that is not there is told otherwise: none of the records is there
            return []
        return [checked(each) for each in reply.granted().results]

    async def complete(self, shape: Shape, records: Sequence[Json]) -> list[Seen]:
        """Add what belongs to the records: the associations of their kind, and the line items of deals."""
        there = list({record["id"]: record for record in records}.values())
        ids = [record["id"] for record in there]
        roles = {role: self.path(role) for role in shape.parents}
        if shape.kind == "deal":
            roles |= {LINE_ITEM: LINE_ITEMS} | ({QUOTE: QUOTES} if shape.quotes else {})
        found = await abreast(self.associated(shape.path, path, ids) for path in roles.values())
        ends = dict(zip(roles, found, strict=True))
        histories = await self._histories(shape, there)
        lines = await self._line_items(shape, ends[LINE_ITEM]) if shape.kind == "deal" else {}
        quotes = await self._quotes(shape, ends[QUOTE]) if shape.quotes else {}
        seen = []
        for record in there:
            raw: Json = {key: record.get(key) for key in ("id", "properties", "updatedAt", "archived")}
            if ends:
                raw["associations"] = {role: some.get(record["id"], []) for role, some in ends.items()}
            version = version_of(record)
            if shape.dated:
                raw["history"] = entered(histories.get(record["id"], {}), shape.dated, version)
            if shape.kind == "deal":
                raw["line_items"] = lines.get(record["id"], [])
                version = max([version, *(version_of(line) for line in raw["line_items"])])
            if shape.quotes:
                raw["quotes"] = quotes.get(record["id"], [])
                version = max([version, *(version_of(each) for each in raw["quotes"])])
            gone = bool(record.get("archived"))
            seen.append(Seen(shape.kind, record["id"], version, raw, deleted=gone, fields=record["properties"]))
        self._memory.note(seen)
        return seen

    async def _histories(self, shape: Shape, records: Sequence[Json]) -> dict[str, Json]:
        """The histories by record: those that came along, and those that a list or a search does not show."""
        told = {record["id"]: record[HISTORY] for record in records if isinstance(record.get(HISTORY), dict)}
        ids = [record["id"] for record in records if record["id"] not in told] if shape.dated else []
        parts = (self.batch(shape.path, part, shape.dated, history=shape.dated) for part in chunks(ids, HISTORIES))
        found = await abreast(parts)
        return told | {record["id"]: record.get(HISTORY) or {} for some in found for record in some}

    async def associated(self, source: str, target: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """The ids that records are associated with, a primary one first, then in the order of their numbers."""
        found: dict[str, dict[str, bool]] = {}
        path = self._api.associations(source, target, "/batch/read")
        for chunk in chunks(ids, ASSOCIATION_READS):
            inputs: list[Json] = [{"id": each} for each in chunk]
            while inputs:
                reply = (await self._api.post(path, {"inputs": inputs})).granted()
                inputs = []
                for result in reply.results:  # a record without associations is simply not there, or in `errors`
                    origin = str((result.get("from") or {}).get("id"))
                    for end in result.get("to") or []:
                        found.setdefault(origin, {})[str(end.get("toObjectId"))] = _is_primary(end)
                    after = ((result.get("paging") or {}).get("next") or {}).get("after")
                    if after:
                        inputs.append({"id": origin, "after": str(after)})
        return {origin: _primary_first(ends) for origin, ends in found.items()}

    async def deals_of(self, path: str, parts: Sequence[str]) -> list[str]:
        """The deals that line items or quotes belong to; one that is gone belongs to none."""
        deals = await self.associated(path, self.path("deal"), parts)
        return list(dict.fromkeys(deal for each in deals.values() for deal in each))

    async def _line_items(self, shape: Shape, of_deal: dict[str, list[str]]) -> dict[str, list[Json]]:
        ids = list(dict.fromkeys(line for lines in of_deal.values() for line in lines))
        there: dict[str, Json] = {}
        parts = [self.batch(LINE_ITEMS, part, shape.lines) for part in chunks(ids, BATCH)]
        for records in await abreast(parts):
            for record in records:
                there[record["id"]] = {key: record.get(key) for key in ("id", "properties", "updatedAt")}
        return {deal: [there[line] for line in lines if line in there] for deal, lines in of_deal.items()}

    async def _quotes(self, shape: Shape, of_deal: dict[str, list[str]]) -> dict[str, list[Json]]:
        """The quotes of deals; those that were accepted with their line items, which are none of the deal's."""
        ids = list(dict.fromkeys(quote for quotes in of_deal.values() for quote in quotes))
        parts = [self.batch(QUOTES, part, QUOTE_PROPERTIES) for part in chunks(ids, BATCH)]
        there = {record["id"]: record for records in await abreast(parts) for record in records}
        sold = [each for each, record in there.items() if accepted(record["properties"])]
        lines = await self._line_items(shape, await self.associated(QUOTES, LINE_ITEMS, sold)) if sold else {}
        kept = {
            each: {key: record.get(key) for key in ("id", "properties", "updatedAt")}
            | {"line_items": lines.get(each, [])}
            for each, record in there.items()
        }
        return {deal: [kept[each] for each in quotes if each in kept] for deal, quotes in of_deal.items()}

    async def _alias(self, shape: Shape, record_id: str) -> Json | None:
        """A record that a batch left out: batches omit ids that were merged away, a single read follows them."""
        return await self._single(shape, record_id) if shape.kind in ALIASED else None

    async def survivors(self, kind: str, record_ids: Sequence[str]) -> dict[str, str]:
        """Where records that a batch left out live on since they were merged away; one that is gone does nowhere."""
        found = await abreast(self._alias(self.shape(kind), each) for each in record_ids)
        return {each: record["id"] for each, record in zip(record_ids, found, strict=True) if record is not None}

    async def _single(self, shape: Shape, record_id: str) -> Json | None:
        path = self._api.objects(shape.path, f"/{record_id}")
        asked = {"properties": ",".join(shape.properties)}
        if shape.dated:
            asked[HISTORY] = ",".join(shape.dated)
        reply = await self._api.get(path, asked)
        return None if reply.status == NOT_FOUND else checked(reply.granted().body)

    async def _deletions(self, shape: Shape, record_ids: Sequence[str]) -> dict[str, int]:
        """When records went, as the recycle bin says; it knows those of the last ninety days."""
        if not record_ids:
            return {}
        body = {"inputs": [{"id": each} for each in record_ids], "properties": [shape.modified]}
        reply = await self._api.post(self._api.objects(shape.path, "/batch/read?archived=true"), body)
        records = [] if reply.refused else [checked(each) for each in reply.results]
        return {record["id"]: version_of({**record, "archived": True}) for record in records}

    def _gone(self, kind: str, record_id: str, deleted: int = 0) -> Seen:
        # Never our clock's time: a record that search or a replica shows late would then be older than its absence.
        version = max(deleted, self._memory.version(kind, record_id))
        return Seen(kind, record_id, version, {"id": record_id, "archived": True}, deleted=True)


def chunks(whole: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut into parts of at most `size`."""
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


def checked(record: Any) -> Json:
    """A record with an id, properties and a time.

    Raises:
        Transient: it is something else; nobody can act on half a record.
    """
    if (
        not isinstance(record, dict)
        or not isinstance(record.get("id"), str | int)
        or not isinstance(record.get("properties"), dict)
        or not isinstance(record.get("updatedAt"), str)
    ):
        raise Transient("hubspot showed a record without id, properties or updatedAt", code="malformed")
    return {**record, "id": str(record["id"])}


def version_of(record: Json) -> int:
    """When a record was last modified (archived, if later), in milliseconds since 1970."""
    times = [record.get("updatedAt"), record.get("archivedAt") if record.get("archived") else None]
    try:
        return max(version_millis(to_millis(parse_instant(each))) for each in times if each)
    except (ValueError, TypeError) as error:
        raise Transient(f"hubspot showed a time that is none in record {record.get('id')}", code="malformed") from error


def merged_ids(record: Json) -> list[str]:
    """The ids that were merged into a record."""
    return [part.strip() for part in str(record["properties"].get(MERGED) or "").split(";") if part.strip()]


def _is_primary(end: Json) -> bool:
    types = end.get("associationTypes") or []
    return any(str(each.get("label") or "").lower() == "primary" or each.get("typeId") in PRIMARY for each in types)


def _primary_first(ends: dict[str, bool]) -> list[str]:
    return sorted(ends, key=lambda each: (not ends[each], int(each) if each.isdigit() else 0))
