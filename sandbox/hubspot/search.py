"""Search: filters, order and pages over the index.

In: a search request. Out: the matching snapshots, or HubSpot's refusal. Source: "search the CRM" guide.
Invariant: limits are checked before anything is looked at.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.hubspot.definitions import Definition
from sandbox.hubspot.errors import Problem, invalid
from sandbox.hubspot.index import Snapshot
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.values import comparable

BODY_LIMIT = 3_000  # characters
PAGE_LIMIT = 200  # results a page
PAGE_DEFAULT = 10
TOTAL_LIMIT = 10_000  # results of one query, over all its pages
GROUPS_LIMIT = 5
FILTERS_LIMIT = 6  # in a group
ALL_FILTERS_LIMIT = 18
OPERATORS = {
    "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
}  # fmt: skip
ASSOCIATION = "associations."

Define = Callable[[str], Definition | None]
Neighbours = Callable[[Snapshot, str], Iterable[int]]
Comparable = Decimal | str


@dataclass(frozen=True, slots=True)
class Query:
    """A search request that has passed the limits."""

    groups: list[list[dict[str, Any]]]
    text: str
    sort: tuple[str, bool] | None  # property, descending
    properties: list[str]
    limit: int
    after: int


def parse(raw: Any, define: Define) -> Query:
    """Check a request. Raises `Problem`."""
    if not isinstance(raw, Mapping):
        raise invalid("Invalid input JSON: a search is an object")
    groups = [list(group.get("filters") or []) for group in raw.get("filterGroups") or []]
    if raw.get("filters"):  # the short form some clients send
        groups.append(list(raw["filters"]))
    if len(groups) > GROUPS_LIMIT:
        raise invalid(f"Too many filter groups: {len(groups)}. The maximum is {GROUPS_LIMIT}.")
    if any(len(group) > FILTERS_LIMIT for group in groups):
        raise invalid(f"Too many filters in a group. The maximum is {FILTERS_LIMIT}.")
    if sum(map(len, groups)) > ALL_FILTERS_LIMIT:
        raise invalid(f"Too many filters. The maximum is {ALL_FILTERS_LIMIT} over all groups.")
    for each in (each for group in groups for each in group):
        _check(each, define)
    limit = _whole(raw.get("limit"), PAGE_DEFAULT, "limit")
    after = _whole(raw.get("after"), 0, "after")
    if not 0 <= limit <= PAGE_LIMIT:
        raise invalid(f"Invalid limit: {limit}. A page has at most {PAGE_LIMIT} results.")
    if after + limit > TOTAL_LIMIT:
        raise invalid(f"A search gives at most {TOTAL_LIMIT} results: after {after} is beyond them.")
    sorts = raw.get("sorts") or []
    if len(sorts) > 1:
        raise invalid("Only one sort is allowed.")
    return Query(
        groups,
        str(raw.get("query") or ""),
        _sort(sorts[0], define) if sorts else None,
        [str(name) for name in raw.get("properties") or []],
        limit,
        after,
    )


def _whole(value: object, default: int, name: str) -> int:
    if value in (None, ""):
        return default
    if not re.fullmatch(r"\d+", str(value)):
        raise invalid(f"Invalid {name}: {value}")
    return int(str(value))


def _sort(raw: Any, define: Define) -> tuple[str, bool]:
    if isinstance(raw, str):
        raw = {"propertyName": raw.removeprefix("-"), "direction": "DESCENDING" if raw[:1] == "-" else ""}
    name, direction = str(raw.get("propertyName")), str(raw.get("direction") or "ASCENDING")
    if define(name) is None:
        raise Problem(400, f"There was a problem with the request: property {name} does not exist.")
    if direction not in {"ASCENDING", "DESCENDING"}:
        raise invalid(f"Invalid sort direction: {direction}")
    return name, direction == "DESCENDING"


def _check(raw: Any, define: Define) -> None:
    if not isinstance(raw, Mapping) or "propertyName" not in raw or "operator" not in raw:
        raise invalid("A filter needs a propertyName and an operator.")
    name, operator = str(raw["propertyName"]), str(raw["operator"])
    if operator not in OPERATORS:
        raise invalid(f"Invalid filter operator: {operator}")
    if not name.startswith(ASSOCIATION) and define(name) is None:
        raise Problem(400, f"There was a problem with the request: property {name} does not exist.")
    if operator in {"IN", "NOT_IN"}:
        if not isinstance(raw.get("values"), list) or not raw["values"]:
            raise invalid(f"Operator {operator} needs values.")
    elif operator == "BETWEEN":
        if raw.get("value") in (None, "") or raw.get("highValue") in (None, ""):
            raise invalid("Operator BETWEEN needs value and highValue.")
    elif not operator.endswith("HAS_PROPERTY") and raw.get("value") in (None, ""):
        raise invalid(f"Operator {operator} needs a value.")


def matching(
    query: Query, kind: ObjectType, shown: Iterable[Snapshot], define: Define, neighbours: Neighbours
) -> list[Snapshot]:
    """Give all matches in order."""
    found = [
        snapshot
        for snapshot in shown
        if (not query.groups or any(_all(group, snapshot, define, neighbours) for group in query.groups))
        and _mentions(query.text, kind, snapshot)
    ]
    found.sort(key=lambda snapshot: snapshot.id)
    if query.sort is not None:
        name, descending = query.sort
        definition = define(name)

        def order(snapshot: Snapshot) -> tuple[bool, Decimal, str]:
            value = comparable(definition, snapshot.values.get(name, ""))
            unset = name not in snapshot.values
            number = value if isinstance(value, Decimal) else Decimal()
            return unset ^ descending, number, value if isinstance(value, str) else ""

        found.sort(key=order, reverse=descending)
    return found


def _mentions(text: str, kind: ObjectType, snapshot: Snapshot) -> bool:
    if not text:
        return True
    words = text.lower().split()
    where = " ".join(snapshot.values.get(name, "") for name in kind.searchable).lower()
    return all(word in where for word in words)


def _all(
    group: list[dict[str, Any]], snapshot: Snapshot, define: Define, neighbours: Neighbours
) -> bool:  # fmt: skip
    return all(_matches(each, snapshot, define, neighbours) for each in group)


def _matches(each: Mapping[str, Any], snapshot: Snapshot, define: Define, neighbours: Neighbours) -> bool:
    name, operator = str(each["propertyName"]), str(each["operator"])
    if name.startswith(ASSOCIATION):
        ids = {str(i) for i in neighbours(snapshot, name.removeprefix(ASSOCIATION))}
        wanted = {str(v) for v in each.get("values") or [each.get("value")]}
        return bool(ids & wanted) if operator in {"EQ", "IN"} else not ids & wanted
    definition = define(name)
    value = snapshot.values.get(name, "")
    if operator == "HAS_PROPERTY":
        return bool(value)
    if operator == "NOT_HAS_PROPERTY":
        return not value
    if not value:
        return operator in {"NEQ", "NOT_IN", "NOT_CONTAINS_TOKEN"}
    return _holds(operator, each, value, definition)


def _holds(operator: str, each: Mapping[str, Any], value: str, definition: Definition | None) -> bool:
    held = comparable(definition, value)
    if operator in {"IN", "NOT_IN"}:  # values are taken as they are: text must be lower-case (search guide)
        wanted = [_as_sent(definition, str(v)) for v in each["values"]]
        return (held in wanted) == (operator == "IN")
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        return _has_token(value, str(each["value"])) == (operator == "CONTAINS_TOKEN")
    bound = comparable(definition, str(each["value"]))
    if operator in {"EQ", "NEQ"}:
        return (held == bound) == (operator == "EQ")
    if isinstance(held, str) or isinstance(bound, str):
        held, bound = str(held), str(bound)
    if operator == "BETWEEN":
        high = comparable(definition, str(each["highValue"]))
        return _before(bound, held) and _before(held, high)
    return {
        "LT": not _before(bound, held),
        "LTE": _before(held, bound),
        "GT": not _before(held, bound),
        "GTE": _before(bound, held),
    }[operator]


def _before(one: Comparable, other: Comparable) -> bool:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one <= other
    return str(one) <= str(other)


def _as_sent(definition: Definition | None, value: str) -> Comparable:
    held = comparable(definition, value)
    return held if isinstance(held, Decimal) else value


def _has_token(value: str, wanted: str) -> bool:
    tokens = re.findall(r"[^\W_]+", value.lower())
    if "*" in wanted:
        pattern = re.compile(".*".join(map(re.escape, wanted.lower().split("*"))))
        return any(pattern.fullmatch(text) for text in [*tokens, value.lower()])
    return all(token in tokens for token in re.findall(r"[^\W_]+", wanted.lower()))
