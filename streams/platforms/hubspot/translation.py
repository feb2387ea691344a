"""HubSpot's records in canonical words.

In: a change whose `raw` is as the client reads it. Out: sightings. Pure.
Invariant: every field that the portal can hold is set, None where it is empty, so that a cleared field is seen as a
change; a record that cannot be read is refused with the name of the property, never half translated.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from schemas.change import Change
from schemas.entities import ENTITIES, Address, Line
from schemas.errors import Refused
from schemas.money import exact, plain
from schemas.names import Entity, Ref, ref
from schemas.sighting import Sighting
from schemas.wire import faults
from streams.platforms.hubspot import spelling
from streams.platforms.hubspot.shapes import MERGED, PLATFORM, SHAPES, Shape

NO_POSITION = 1 << 31  # lines without a position come last, by id


def sightings(change: Change, *, erp: str = "xero", base_currency: str = "") -> list[Sighting]:
    """What one of HubSpot's records says.

    Args:
        change: the record as the client read it.
        erp: the ERP's name in references, for the ids kept in HubSpot.
        base_currency: ISO 4217, of amounts that HubSpot states without a currency; empty: two digits are kept.

    Raises:
        Refused: the record is malformed; the message names the property.
    """
    shape = SHAPES.get(change.kind)
    if shape is None:
        raise Refused(f"hubspot: nothing is known of the kind {change.kind!r}", code="kind")
    name = ref(PLATFORM, shape.kind, change.record_id)
    if change.deleted:
        return [Sighting(shape.entity, name, {}, deleted=True)]
    properties = change.raw.get("properties")
    if not isinstance(properties, dict):
        raise Refused(f"{name}: properties are missing. Read the record again", code="properties")
    values = _values(name, shape, properties, base_currency)
    if shape.entity is Entity.DEAL:
        values["lines"] = _lines(name, change.raw.get("line_items") or [], values["currency"] or base_currency)
    try:
        fields = ENTITIES[shape.entity](**values).fields()
    except ValidationError as error:
        raise Refused(f"{name}: {faults(error)}", code="malformed") from error
    keys = _keys(shape, fields, erp)
    merged = _merged(name, properties.get(MERGED), change.record_id, shape)
    return [Sighting(shape.entity, name, fields, keys, _parents(shape, change.raw), merged_from=merged)]


def _values(name: Ref, shape: Shape, properties: dict[str, Any], base_currency: str) -> dict[str, Any]:
    stated = _read(name, shape.currency, "currency", properties) if shape.currency else None
    currency = str(stated or base_currency)
    values: dict[str, Any] = {
        column.field: _read(name, column.property, column.spelling, properties, currency) for column in shape.columns
    }
    if shape.address:
        parts = {part: _read(name, property_, "text", properties) or "" for part, property_ in shape.address}
        values["shipping_address"] = Address.model_validate(parts) if any(parts.values()) else None
    return values


def _read(
    name: Ref, property_: str, how: spelling.Spelling, properties: dict[str, Any], currency: str = ""
) -> str | bool | None:
    try:
        return spelling.read(how, properties.get(property_), currency)
    except ValueError as error:
        raise Refused(f"{name}: the property {property_} {error}. Mend it in HubSpot", code=property_) from error


def _keys(shape: Shape, fields: dict[str, Any], erp: str) -> dict[str, str]:
    found: dict[str, str | None] = {}
    if shape.erp_kind and fields.get("erp_id"):
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


def _parents(shape: Shape, raw: dict[str, Any]) -> dict[str, str]:
    """The first association of each role: the client puts the primary company first."""
    associations = raw.get("associations") or {}
    return {role: ref(PLATFORM, role, str(associations[role][0])) for role in shape.parents if associations.get(role)}


def _merged(name: Ref, value: Any, record_id: str, shape: Shape) -> tuple[Ref, ...]:
    text = spelling.read("text", value) if isinstance(value, str | int | None) else ""
    ids = [part.strip() for part in str(text or "").split(";") if part.strip()]
    if not all(part.isdigit() for part in ids):
        raise Refused(f"{name}: the property {MERGED} is no list of ids", code=MERGED)
    return tuple(ref(PLATFORM, shape.kind, part) for part in ids if part != record_id)


def _lines(name: Ref, items: Any, currency: str) -> list[Line]:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refused(f"{name}: line items are malformed. Read the deal again", code="line_items")
    return [_line(name, item, currency) for item in sorted(items, key=_place)]


def _place(item: dict[str, Any]) -> tuple[int, int, str]:
    properties = item.get("properties") or {}
    position, number = str(properties.get("hs_position_on_quote") or ""), str(item.get("id") or "")
    return int(position) if position.isdigit() else NO_POSITION, int(number) if number.isdigit() else 0, number


def _line(name: Ref, item: dict[str, Any], currency: str) -> Line:
    properties = item.get("properties")
    if not isinstance(properties, dict):
        raise Refused(f"{name}: the line item {item.get('id')} has no properties", code="line_items")

    def number(property_: str) -> str | None:
        try:
            return spelling.exact_text(properties.get(property_))
        except ValueError as error:
            said = f"{name}: the property {property_} of line item {item.get('id')} {error}. Mend it in HubSpot"
            raise Refused(said, code=f"line_items.{property_}") from error

    price = exact(number("price") or "0")
    # HubSpot also knows a discount as an amount per unit; a line holds percentages only, so it comes off the price.
    price -= exact(number("discount") or "0")
    number("amount")
    percent = number("hs_discount_percentage")
    return Line(
        sku=_text(properties, "hs_sku"),
        description=_text(properties, "name") or _text(properties, "description") or "",
        quantity=number("quantity") or "1",
        unit_price=spelling.exact_text(plain(price)) or "0",
        discount_percent=None if percent == "0" else percent,
        amount=str(amount) if (amount := spelling.read("amount", properties.get("amount"), currency)) else None,
    )


def _text(properties: dict[str, Any], property_: str) -> str | None:
    text = spelling.read("text", properties.get(property_))
    return str(text) if text else None
