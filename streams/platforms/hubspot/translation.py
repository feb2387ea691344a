"""HubSpot's records in canonical words.

In: a change whose `raw` is as the client reads it. Out: sightings. Pure.
Invariant: every field that the portal can hold is set, None where it is empty, so that a cleared field is seen as a
change; a record that cannot be read is refused with the name of the property, never half translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Inexact, InvalidOperation
from typing import Any

from pydantic import ValidationError

from schemas.change import Change
from schemas.entities import ENTITIES, Address, Line, Recurrence
from schemas.errors import Refused
from schemas.money import exact
from schemas.names import Entity, Ref, Side, fits_reference, ref
from schemas.sighting import Sighting
from schemas.wire import faults
from streams.platforms.hubspot import quotes, spelling
from streams.platforms.hubspot.shapes import (
    DELAY,
    EVERY,
    MERGED,
    PAYMENTS,
    PLATFORM,
    SHAPES,
    SHIPPED,
    STARTS,
    TERM,
    Shape,
    is_id,
)

NO_POSITION = 1 << 31  # lines without a position come last, by id
_EXACT = Context(prec=64, traps=[Inexact, InvalidOperation])  # two prices of 28 digits are subtracted exactly or not


def sightings(
    change: Change, *, erp: str = "xero", base_currency: str = "", shapes: Mapping[str, Shape] = SHAPES
) -> list[Sighting]:
    """What one of HubSpot's records says.

    Args:
        change: the record as the client read it.
        erp: the ERP's name in references, for the ids kept in HubSpot.
        base_currency: ISO 4217, of amounts that HubSpot states without a currency; empty: two digits are kept.
        shapes: the contract's, with the customer's own fields.

    Raises:
        Refused: the record is malformed; the message names the property.
    """
    shape = shapes.get(change.kind)
    if shape is None:
        raise Refused(f"hubspot: nothing is known of the kind {change.kind!r}", code="kind")
    if not is_id(change.record_id):
        raise Refused(f"hubspot: a {shape.kind} whose id is no number", code="id")
    name = ref(PLATFORM, shape.kind, change.record_id)
    if change.deleted:
        return [Sighting(shape.entity, name, {}, deleted=True)]
    properties = change.raw.get("properties")
    if not isinstance(properties, dict):
        raise Refused(f"{name}: properties are missing. Read the record again", code="properties")
    values = _values(name, shape, properties, base_currency)
    if shape.entity is Entity.DEAL:
        values |= _sold(name, shape, change.raw, values["currency"] or base_currency)
    try:
        fields = ENTITIES[shape.entity](**values).fields()
    except ValidationError as error:
        raise Refused(f"{name}: {faults(error)}", code="malformed") from error
    fields |= _own(name, shape, properties)
    keys = _keys(name, shape, fields, erp)
    merged = _merged(name, properties.get(MERGED), change.record_id, shape)
    parents = _parents(name, shape, change.raw) | _payer(name, shape, properties)
    dates = _entered(shape, change.raw.get("history"), fields)
    return [Sighting(shape.entity, name, fields, keys, parents, merged_from=merged, entered=dates)]


def _values(name: Ref, shape: Shape, properties: dict[str, Any], base_currency: str) -> dict[str, Any]:
    def stated(property_: str) -> str:
        return str((_read(name, property_, "currency", properties) if property_ else None) or base_currency)

    currency = stated(shape.currency)
    values: dict[str, Any] = {
        column.field: _read(
            name, column.property, column.spelling, properties, stated(column.currency) if column.currency else currency
        )
        for column in shape.columns
        if column.mapped is None
    }
    if shape.address:
        parts = {part: _read(name, property_, "text", properties) or "" for part, property_ in shape.address}
        values["shipping_address"] = Address.model_validate(parts) if any(parts.values()) else None
    return values


def _own(name: Ref, shape: Shape, properties: dict[str, Any]) -> dict[str, Any]:
    """The customer's own fields, as the contract spells them."""
    found: dict[str, Any] = {}
    for column in shape.columns:
        if column.mapped is not None:
            try:
                found[column.field] = column.mapped.read(Side.CRM, properties.get(column.property))
            except ValueError as error:
                said = f"{name}: the property {column.property} {error}. Mend it in HubSpot"
                raise Refused(said, code=column.property) from error
    return found


def _entered(shape: Shape, history: Any, fields: dict[str, Any]) -> dict[str, list[list[Any]]]:
    """When people entered which value; what cannot be read any more is left out."""
    found: dict[str, list[list[Any]]] = {}
    for column in shape.columns:
        for at, value in history.get(column.property, ()) if isinstance(history, dict) else ():
            try:
                spelt = (
                    spelling.read(column.spelling, value, str(fields.get("currency") or ""))
                    if column.mapped is None
                    else column.mapped.read(Side.CRM, value)
                )
            except ValueError:
                continue
            found.setdefault(column.field, []).append([at, spelt])
    return found


def _read(
    name: Ref, property_: str, how: spelling.Spelling, properties: dict[str, Any], currency: str = ""
) -> str | int | None:
    stated = properties.get(property_)
    if stated is None:
        return None  # as most are
    try:
        return spelling.read(how, stated, currency)
    except ValueError as error:
        raise Refused(f"{name}: the property {property_} {error}. Mend it in HubSpot", code=property_) from error


def _keys(name: Ref, shape: Shape, fields: dict[str, Any], erp: str) -> dict[str, str]:
    found: dict[str, str | None] = {}
    if shape.erp_kind and fields.get("erp_id"):
        if not fits_reference(fields["erp_id"]):
            raise Refused(f"{name}: the property {shape.key} is no id of the ERP's. Mend it in HubSpot", code=shape.key)
        found["erp_ref"] = ref(erp, shape.erp_kind, fields["erp_id"])
    match shape.entity:
        case Entity.COMPANY:
            found |= {"domain": fields["domain"], "name": fields["name"]}
        case Entity.CONTACT:
            found |= {"email": fields["email"]}
        case Entity.PRODUCT:
            found |= {"sku": fields["sku"]}
        case Entity.INVOICE:
            found |= {"number": fields["number"]}
    return {key: value for key, value in found.items() if value}


def _parents(name: Ref, shape: Shape, raw: dict[str, Any]) -> dict[str, str]:
    """The first association of each role: the client puts the primary company first."""
    associations = raw.get("associations")
    if associations is None:
        return {}
    ends = [associations.get(role) or [] for role in shape.parents] if isinstance(associations, dict) else [None]
    if not all(isinstance(some, list) and all(map(is_id, some)) for some in ends):
        raise Refused(f"{name}: associations are no lists of ids. Read the record again", code="associations")
    return {role: ref(PLATFORM, role, some[0]) for role, some in zip(shape.parents, ends, strict=False) if some}


def _payer(name: Ref, shape: Shape, properties: dict[str, Any]) -> dict[str, str]:
    """The company that pays for a company, where the contract asks for it and it is another one."""
    stated = properties.get(shape.payer) if shape.payer else None
    if stated in (None, ""):
        return {}
    if not is_id(stated):
        raise Refused(f"{name}: the property {shape.payer} is no company's id. Read the record again", code=shape.payer)
    payer = ref(PLATFORM, shape.kind, str(stated))
    return {} if payer == name else {"payer": payer}


def _merged(name: Ref, value: Any, record_id: str, shape: Shape) -> tuple[Ref, ...]:
    if value is None:
        return ()
    text = _read(name, MERGED, "text", {MERGED: value})
    ids = [part.strip() for part in str(text or "").split(";") if part.strip()]
    if not all(map(is_id, ids)):
        raise Refused(f"{name}: the property {MERGED} is no list of ids", code=MERGED)
    return tuple(ref(PLATFORM, shape.kind, part) for part in ids if part != record_id)


def _sold(name: Ref, shape: Shape, raw: dict[str, Any], currency: str) -> dict[str, Any]:
    """What a deal sells: its line items; where quotes count, those of the one that was accepted first."""
    if not shape.quotes:
        return {"lines": _lines(name, raw.get("line_items"), currency)}
    found = quotes.of_deal(name, raw.get("quotes"))
    lines = _lines(name, found[0][1], found[0][0]["currency"] or currency) if found else []
    return {"lines": lines, "quotes": [quote for quote, _ in found]}


def _lines(name: Ref, items: Any, currency: str) -> list[Line]:
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refused(f"{name}: line items are malformed. Read the deal again", code="line_items")
    if not all(isinstance(item.get("properties"), dict) for item in items):
        raise Refused(f"{name}: a line item has no properties. Read the deal again", code="line_items")
    return [_line(name, item, currency) for item in sorted(items, key=_place)]


def _place(item: dict[str, Any]) -> tuple[int, int]:
    position, number = item["properties"].get("hs_position_on_quote"), item.get("id")
    return int(position) if is_id(position) else NO_POSITION, int(str(number)) if is_id(number) else 0


def _line(name: Ref, item: dict[str, Any], currency: str) -> Line:
    properties = item["properties"]
    label = f"line item {item['id']}" if is_id(item.get("id")) else "a line item"

    def told(property_: str, error: ValueError) -> Refused:
        said = f"{name}: the property {property_} of {label} {error}. Mend it in HubSpot"
        return Refused(said, code=f"line_items.{property_}")

    def number(property_: str) -> str | None:
        try:
            return spelling.exact_text(properties.get(property_))
        except ValueError as error:
            raise told(property_, error) from error

    def text(property_: str, how: spelling.Spelling = "text") -> str | None:
        try:
            found = spelling.read(how, properties.get(property_), currency)
        except ValueError as error:
            raise told(property_, error) from error
        return str(found) if found else None

    try:
        # HubSpot also knows a discount as an amount per unit; a line holds percentages only, so it comes off the price.
        price = spelling.exact_text(_EXACT.subtract(exact(number("price") or "0"), exact(number("discount") or "0")))
    except (ValueError, Inexact) as error:
        raise told("discount", ValueError("cannot be taken off the price exactly")) from error
    percent = number("hs_discount_percentage")
    more: dict[str, Any] = {} if (sent := number(SHIPPED)) is None else {"shipped": sent}
    if (every := text(EVERY)) is not None:
        day, payments, term = text(STARTS, "day"), number(PAYMENTS), text(TERM)
        stated = {"starts_on": day, "payments": payments, "term": term}
        said = {name: value for name, value in stated.items() if value is not None}
        delayed = {"delayed": True} if day is None and text(DELAY) else {}
        more["recurs"] = Recurrence(every=every, **said, **delayed)
    return Line(
        sku=text("hs_sku"),
        description=text("name") or text("description") or "",
        quantity=number("quantity") or "1",
        unit_price=price or "0",
        discount_percent=None if percent == "0" else percent,
        amount=text("amount", "amount"),
        **more,
    )
