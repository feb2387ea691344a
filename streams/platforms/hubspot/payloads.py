"""Canonical commands as HubSpot properties. Pure; the exact inverse of translation for what can be written.

In: a command. Out: the properties to write, and the unique property by which a create finds its record again.
Invariant: nothing is guessed: a value that cannot be spelt exactly is refused before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.command import Command
from schemas.entities import ENTITIES
from schemas.errors import Refused
from schemas.names import Side, record_id
from streams.platforms.hubspot import spelling
from streams.platforms.hubspot.shapes import PLATFORM, SHAPES, Column, Shape, is_id

NEXT = "Mend the mapping in the contract, then run: revmark contract test"


def shape_of(command: Command, shapes: Mapping[str, Shape] = SHAPES) -> Shape:
    """The record type that a command writes.

    Raises:
        Refused: HubSpot has no place for this entity.
    """
    shape = shapes.get(command.entity.value)
    if shape is None:
        raise Refused(f"hubspot holds no {command.entity.value}. {NEXT}", code="entity")
    return shape


def properties_of(command: Command, shapes: Mapping[str, Shape] = SHAPES) -> dict[str, str]:
    """The properties that a command writes.

    A create brings all fields of the other side's record, and those without a place here are left out. An update
    names what it wants, so a field without a place is refused.

    Raises:
        Refused: a field is unknown, has no place or a value that cannot be spelt; the message names it.
    """
    shape = shape_of(command, shapes)
    known = {*ENTITIES[command.entity].model_fields, *shape.held}
    for field in command.fields:
        if field not in known or (command.kind == "update" and field not in shape.held):
            raise Refused(f"hubspot has no place for {field} of a {command.entity.value}. {NEXT}", code=field)
    properties: dict[str, str] = {}
    for column in shape.columns:
        if column.field in command.fields:
            properties[column.property] = _spelt(column, command.fields[column.field])
    if shape.address and "shipping_address" in command.fields:
        properties |= _address(shape, command.fields["shipping_address"])
    if command.kind == "create":
        if not shape.whole:
            properties = {name: value for name, value in properties.items() if value}  # nothing is there to be cleared
        properties |= dict(shape.on_create) | {shape.key: key_of(command, shapes)}
    return properties


def key_of(command: Command, shapes: Mapping[str, Shape] = SHAPES) -> str:
    """The value of the unique property that makes a create idempotent: a person's e-mail, else the ERP's id.

    Raises:
        Refused: there is none. Such a create could not be looked up when its answer is lost, and would be made twice.
    """
    shape = shape_of(command, shapes)
    if shape.key == "email":
        key = _write("email", "lower", command.fields.get("email"))
    else:
        key = (command.natural_key or "").strip()
    if not key:
        wanted = "an e-mail address" if shape.key == "email" else f"a natural key ({shape.key})"
        raise Refused(f"a {command.entity.value} is not created in hubspot without {wanted}", code="no_key")
    return key


def links_of(command: Command) -> dict[str, str]:
    """What a command associates its record with: role -> HubSpot's id.

    Raises:
        Refused: a link leads to another platform or to a kind that is not known.
    """
    links: dict[str, str] = {}
    for role, reference in command.links.items():
        platform, _, rest = reference.partition("/")
        kind, _, number = rest.partition("/")
        if platform != PLATFORM or kind not in SHAPES or not is_id(number):
            raise Refused(f"the link {role} to {reference!r} does not lead to a hubspot record", code="links")
        links[kind] = number
    return links


def target_of(command: Command, shapes: Mapping[str, Shape] = SHAPES) -> str:
    """HubSpot's id of the record that an update writes.

    Raises:
        Refused: the reference is missing, of another platform or of another kind.
    """
    shape = shape_of(command, shapes)
    prefix = f"{PLATFORM}/{shape.kind}/"
    if command.ref is None or not command.ref.startswith(prefix) or not is_id(record_id(command.ref)):
        raise Refused(f"an update needs a reference {prefix}<id>, not {command.ref!r}", code="ref")
    return record_id(command.ref)


def _address(shape: Shape, value: Any) -> dict[str, str]:
    parts = {} if value is None else value
    if not isinstance(parts, dict) or set(parts) - {part for part, _ in shape.address}:
        raise Refused(f"shipping_address has parts that are not known. {NEXT}", code="shipping_address")
    return {name: _write("shipping_address", "text", parts.get(part)) for part, name in shape.address}


def _spelt(column: Column, value: Any) -> str:
    if column.mapped is None:
        return _write(column.field, column.spelling, value)
    try:
        return column.mapped.write(Side.CRM, value)
    except ValueError as error:
        raise Refused(f"{column.field} {error}. {NEXT}", code=column.field) from error


def _write(field: str, how: spelling.Spelling, value: Any) -> str:
    try:
        return spelling.write(how, value)
    except ValueError as error:
        raise Refused(f"{field} {error}. {NEXT}", code=field) from error
