"""One request against one organisation: find the resource, read or write, keep or undo.

Invariant: a request is applied whole or not at all, except that with ``summarizeErrors=false`` each good
element is kept on its own [REC]. Nothing here awaits, so two requests never interleave.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.xero import allocations, groups, history, items, settings
from sandbox.xero.listing import Depth
from sandbox.xero.problems import Invalid, Missing, Problem, Rejected
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.resources import BY_PATH, CREDITS, Resource
from sandbox.xero.shelf import Change
from sandbox.xero.wire import Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

NO_CONTENT = 204


@dataclass(slots=True)
class Outcome:
    """The reply, what changed, and which change each sent element asked for."""

    reply: ApiReply
    changes: list[Change] = field(default_factory=list)
    asked: dict[tuple[str, str], Record] = field(default_factory=dict)


class MethodRefused(Problem):
    """A path that exists, under a verb it does not take [K]."""

    status = 405


def perform(organisation: "Organisation", request: ApiRequest) -> Outcome:
    """Carry a request out; a ``Problem`` leaves the books as they were."""
    asked: dict[tuple[str, str], Record] = {}
    mark = organisation.journal.mark()
    try:
        reply = _dispatch(organisation, request, asked)
    except BaseException:
        organisation.journal.rollback(mark)
        raise
    return Outcome(reply, organisation.commit(), asked)


def _dispatch(organisation: "Organisation", request: ApiRequest, asked: dict[tuple[str, str], Record]) -> ApiReply:
    if not request.parts:
        raise Missing
    name, *rest = request.parts
    if name.lower() in {"organisation", "organisations"} and not rest:
        if request.method != "GET":
            raise MethodRefused
        return ApiReply("Organisations", [settings.organisation_view(organisation)])
    resource = BY_PATH.get(name.lower())
    if resource is None:
        raise Missing
    if len(rest) > 1:
        return _below(organisation, request, resource, rest, asked)
    if request.method not in resource.verbs:
        raise MethodRefused
    if not rest:
        return _collection(organisation, request, resource, asked)
    return _single(organisation, request, resource, rest[0], asked)


def _collection(
    organisation: "Organisation", request: ApiRequest, resource: Resource, asked: dict[tuple[str, str], Record]
) -> ApiReply:
    match request.method:
        case "GET":
            return resource.many(organisation, request)
        case "PUT" | "POST":
            return _batch(organisation, request, resource, request.elements(resource.plural), asked)
        case _:
            raise MethodRefused


def _single(
    organisation: "Organisation", request: ApiRequest, resource: Resource, key: str,
    asked: dict[tuple[str, str], Record],
) -> ApiReply:  # fmt: skip
    record = resource.find(organisation, key)
    match request.method:
        case "GET":
            return ApiReply(resource.plural, [resource.view(organisation, record, Depth.ONE, request)])
        case "POST":
            elements = [
                {**element, resource.key: record[resource.key]} for element in request.elements(resource.plural)
            ]
            return _batch(organisation, request, resource, elements[:1], asked)
        case "DELETE":
            items.delete(organisation, record)
            asked["Items", record["ItemID"]] = {}
            return ApiReply(resource.plural, status=NO_CONTENT)
        case _:
            raise MethodRefused


def _batch(
    organisation: "Organisation", request: ApiRequest, resource: Resource, elements: list[Record],
    asked: dict[tuple[str, str], Record],
) -> ApiReply:  # fmt: skip
    """Save each element; ``summarizeErrors`` is true unless the caller says otherwise [REC]."""
    if resource.save is None:
        raise MethodRefused
    summarize = request.truth("summarizeErrors", default=True)
    shown: list[Record] = []
    refused: list[Record] = []
    for element in elements:
        point = organisation.journal.mark()
        try:
            saved = resource.save(organisation, element, request, request.method == "PUT")
        except Invalid as problem:
            organisation.journal.rollback(point)
            bad = resource.refused(organisation, element, problem.errors())
            refused.append(bad)
            shown.append({**bad, "StatusAttributeString": "ERROR"})
            continue
        asked[resource.plural, str(saved[resource.key]).lower()] = element
        good = resource.view(organisation, saved, Depth.WRITTEN, request)
        shown.append(good if summarize else {**good, "StatusAttributeString": "OK"})
    if refused and summarize:
        raise Rejected(refused)
    extra = {"SummarizeErrors": False} if resource.plural == "Quotes" and not summarize else {}  # [REC]
    return ApiReply(resource.plural, shown, extra=extra)


def _below(  # noqa: PLR0911 - one path, one return
    organisation: "Organisation", request: ApiRequest, resource: Resource, rest: list[str],
    asked: dict[tuple[str, str], Record],
) -> ApiReply:  # fmt: skip
    """History, allocations, members of a group, e-mail."""
    record = resource.find(organisation, rest[0])
    owner = str(record[resource.key])
    path = (request.method, rest[1].lower(), len(rest))
    match path:
        case ("GET", "history", 2):
            return ApiReply("HistoryRecords", history.of(organisation, owner))
        case ("PUT", "history", 2):
            return ApiReply("HistoryRecords", _summed(organisation, request, "HistoryRecords",
                            lambda element: history.add(organisation, owner, [element])[0]))  # fmt: skip
        case ("PUT", "allocations", 2) if resource.plural.lower() in CREDITS:

            def allocate(element: Record) -> Record:
                current = resource.find(organisation, owner)
                made = allocations.save(organisation, resource.plural, current, element)
                asked["Allocations", made["AllocationID"]] = element
                return allocations.view(organisation, made)

            return ApiReply("Allocations", _summed(organisation, request, "Allocations", allocate))
        case ("DELETE", "allocations", 3) if resource.plural.lower() in CREDITS:
            gone = allocations.delete(organisation, resource.plural, record, rest[2])
            asked["Allocations", gone["AllocationID"]] = {"IsDeleted": True}
            return ApiReply("Allocations", [allocations.view(organisation, gone)], bare=True)
        case ("PUT", "contacts", 2) if resource.plural == "ContactGroups":
            elements = request.elements("Contacts")
            asked["ContactGroups", owner] = {"Contacts": elements}
            joined = groups.join(organisation, record, elements)
            return ApiReply("Contacts", [{"ContactID": each["ContactID"], "Name": each["Name"]} for each in joined])
        case ("DELETE", "contacts", 2 | 3) if resource.plural == "ContactGroups":
            asked["ContactGroups", owner] = {"Contacts": rest[2:]}
            groups.leave(organisation, record, rest[2] if rest[2:] else None)
            return ApiReply("Contacts", status=NO_CONTENT)
        case ("POST", "email", 2) if resource.plural == "Invoices":
            sent = organisation.invoices.put({**record, "SentToContact": True}, quiet=True)
            asked["Invoices", sent["InvoiceID"]] = {"SentToContact": True}
            return ApiReply("Invoices", status=NO_CONTENT)
        case _:
            raise Missing


def _summed(
    organisation: "Organisation", request: ApiRequest, plural: str, save: Callable[[Record], Record]
) -> list[Record]:
    """Save parts of a record with the same rules of ``summarizeErrors``."""
    summarize = request.truth("summarizeErrors", default=True)
    shown: list[Record] = []
    refused: list[Record] = []
    for element in request.elements(plural):
        point = organisation.journal.mark()
        try:
            shown.append(save(element))
        except Invalid as problem:
            organisation.journal.rollback(point)
            bad = {name: value for name, value in element.items() if name != "Date"}
            refused.append({**bad, "ValidationErrors": problem.errors()})
            shown.append({**refused[-1], "StatusAttributeString": "ERROR"})
    if refused and summarize:
        raise Rejected(refused)
    return shown
