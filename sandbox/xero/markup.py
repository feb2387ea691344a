"""Xero's XML, which is what a caller gets who does not ask for JSON [SPEC].

A plain rendering: element names and values as in JSON, days and instants as ISO, no ``...String``
companions. It exists so that a client that forgot its ``Accept`` header finds out. What cannot stand in XML (a key of a
refused element that is no name, a control character) is left out.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement, tostring

from sandbox.xero.wire import Bare

SINGULAR = {
    "Addresses": "Address",
    "Currencies": "Currency",
    "Tracking": "TrackingCategory",
    "TrackingCategories": "TrackingCategory",
    "Elements": "DataContractBase",
}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# What XML 1.0 has no way to write: controls but tab and line ends, surrogates, and the two that end each plane's first.
UNWRITABLE = re.compile("[^\\t\\n\\r\\x20-\\uD7FF\\uE000-\\uFFFD\\U00010000-\\U0010FFFF]")


def _word(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case Bare():
            return _word(value.moment)
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}"
        case date():
            return f"{value.isoformat()}T00:00:00"
        case _:
            return UNWRITABLE.sub("", str(value))


def _fill(parent: Element, name: str, value: object) -> None:
    match value:
        case None:
            return
        case Mapping():
            node = SubElement(parent, name)
            for key, inner in value.items():
                if NAME.fullmatch(str(key)):
                    _fill(node, str(key), inner)
        case list() | tuple():
            node = SubElement(parent, name)
            for inner in value:
                _fill(node, SINGULAR.get(name, name.removesuffix("s")), inner)
        case _ if not name.endswith(("DateString", "UTCString")):
            SubElement(parent, name).text = _word(value)


def render(root: str, content: Mapping[str, object]) -> bytes:
    """The document."""
    top = Element(root)
    for key, value in content.items():
        _fill(top, key, value)
    return bytes(tostring(top, encoding="utf-8", xml_declaration=True))
