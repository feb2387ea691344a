"""Association types HubSpot defines.

In: nothing. Out: type ids by pair of object types. Source: HubSpot's guides on associations, invoices and
commerce payments, orders and subscriptions. Ids marked as made up are this sandbox's own: no source gives
one for that direction of the pair. A client reads ids from the labels API and assumes
none.
"""

from dataclasses import dataclass

HUBSPOT_DEFINED = "HUBSPOT_DEFINED"


@dataclass(frozen=True, slots=True)
class AssociationType:
    """One direction of one kind of association."""

    from_type: str
    to_type: str
    id: int
    inverse: int
    category: str = HUBSPOT_DEFINED
    label: str | None = None
    name: str = ""

    @property
    def primary(self) -> bool:
        """Tell whether a record has at most one of these."""
        return self.label == "Primary"


_CONTACT, _COMPANY, _DEAL, _TICKET, _LINE, _QUOTE = "0-1", "0-2", "0-3", "0-5", "0-8", "0-14"
_INVOICE, _SUBSCRIPTION, _DISCOUNT, _FEE, _TAX = "0-53", "0-69", "0-84", "0-85", "0-86"
_PAYMENT, _ORDER, _TASK = "0-101", "0-123", "0-27"

_PAIRS: tuple[tuple[str, str, int, int, str | None], ...] = (
    (_CONTACT, _COMPANY, 279, 280, None),
    (_CONTACT, _COMPANY, 1, 2, "Primary"),
    (_DEAL, _CONTACT, 3, 4, None),
    (_DEAL, _COMPANY, 341, 342, None),
    (_DEAL, _COMPANY, 5, 6, "Primary"),
    (_DEAL, _LINE, 19, 20, None),
    (_QUOTE, _CONTACT, 69, 70, None),
    (_QUOTE, _COMPANY, 71, 72, None),
    (_QUOTE, _DEAL, 64, 63, None),
    (_QUOTE, _LINE, 67, 68, None),
    (_INVOICE, _CONTACT, 177, 178, None),
    (_INVOICE, _COMPANY, 179, 180, None),
    (_INVOICE, _DEAL, 175, 176, None),
    (_INVOICE, _LINE, 409, 410, None),
    (_INVOICE, _PAYMENT, 541, 542, None),
    (_INVOICE, _QUOTE, 407, 408, None),
    (_INVOICE, _DISCOUNT, 411, 412, None),
    (_INVOICE, _FEE, 413, 414, None),
    (_INVOICE, _TAX, 415, 416, None),
    (_PAYMENT, _CONTACT, 387, 388, None),
    (_PAYMENT, _COMPANY, 389, 390, None),
    (_PAYMENT, _DEAL, 391, 392, None),
    (_PAYMENT, _LINE, 395, 396, None),
    (_PAYMENT, _QUOTE, 397, 398, None),
    (_CONTACT, _CONTACT, 449, 449, None),
    (_COMPANY, _COMPANY, 450, 450, None),
    (_COMPANY, _COMPANY, 14, 13, None),  # child to parent, and back
    (_TICKET, _CONTACT, 16, 15, None),
    (_TICKET, _COMPANY, 339, 340, None),
    (_DEAL, _TICKET, 27, 28, None),
    (_TASK, _CONTACT, 204, 203, None),
    (_TASK, _COMPANY, 192, 191, None),
    (_TASK, _DEAL, 216, 215, None),
    (_TASK, _TICKET, 230, 229, None),
    (_ORDER, _CONTACT, 507, 508, None),
    (_ORDER, _COMPANY, 509, 510, None),
    (_ORDER, _DEAL, 512, 511, None),
    (_ORDER, _LINE, 513, 514, None),
    (_ORDER, _INVOICE, 518, 90001, None),  # the way back is made up
    (_ORDER, _SUBSCRIPTION, 516, 90002, None),  # the same
    (_ORDER, _PAYMENT, 523, 524, None),
    (_ORDER, _TICKET, 525, 90003, None),  # the same
    (_ORDER, _TASK, 726, 90004, None),  # the same
    (_ORDER, _QUOTE, 730, 90005, None),  # the same
    (_SUBSCRIPTION, _CONTACT, 295, 296, None),
    (_SUBSCRIPTION, _COMPANY, 297, 298, None),
    (_SUBSCRIPTION, _DEAL, 299, 300, None),
    (_SUBSCRIPTION, _LINE, 301, 90006, None),  # the way back is made up
    (_SUBSCRIPTION, _QUOTE, 303, 90007, None),  # the same
    (_SUBSCRIPTION, _PAYMENT, 394, 90008, None),  # the same
    (_SUBSCRIPTION, _INVOICE, 623, 90009, None),  # the same
)
CHILD_TO_PARENT = 14  # from a company to the one above it, of which it has one at most
_ONE_PARENT = {_LINE, _DISCOUNT, _FEE, _TAX}  # each belongs to exactly one record (line-items guide)
_PARENTS = {_DEAL, _QUOTE, _INVOICE, _ORDER, _SUBSCRIPTION, _PAYMENT}


def standard() -> list[AssociationType]:
    """Give all of HubSpot's own types, both directions."""
    found: dict[tuple[str, str, int], AssociationType] = {}
    for one, other, forth, back, label in _PAIRS:
        found.setdefault((one, other, forth), AssociationType(one, other, forth, back, label=label))
        found.setdefault((other, one, back), AssociationType(other, one, back, forth, label=label))
    return list(found.values())


def owned(child_type: str, parent_type: str) -> bool:
    """Tell whether the first belongs to the second and to nothing else."""
    return child_type in _ONE_PARENT and parent_type in _PARENTS
