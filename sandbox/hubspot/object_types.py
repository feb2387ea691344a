"""Object types: their names, their type ids and their habits.

In: a name from a path, in any of its spellings. Out: the type. Source of the ids: HubSpot's "understanding
the CRM".
Invariant: plural, singular, type id and (custom objects) fully qualified name lead to the same type.
"""

from dataclasses import dataclass, field

from sandbox.hubspot.errors import Problem


@dataclass(slots=True)
class ObjectType:
    """One type of CRM object."""

    name: str  # the plural in paths
    singular: str
    type_id: str
    display: str  # the primary display property
    created: str = "hs_createdate"
    modified: str = "hs_lastmodifieddate"
    named_webhooks: bool = False  # contact.creation and the like beside object.creation
    scope: str = ""  # the word inside crm.objects.*.read
    defaults: tuple[str, ...] = ()  # properties a read shows when none are asked for
    required: tuple[tuple[str, ...], ...] = ()  # each: one of these must be set on create
    searchable: tuple[str, ...] = ()  # where the search's `query` looks
    mergeable: bool = False
    merge_makes_new_id: bool = False  # contacts and companies, since 2025
    other_names: tuple[str, ...] = ()
    custom: bool = False
    schema: dict[str, object] = field(default_factory=dict)  # custom objects: labels and the rest

    @property
    def shown(self) -> tuple[str, ...]:
        """Give the properties every read shows."""
        return (self.created, self.modified, "hs_object_id")


STANDARD = (
    ObjectType("contacts", "contact", "0-1", "email", "createdate", "lastmodifieddate", named_webhooks=True,
               defaults=("email", "firstname", "lastname"), required=(("email", "firstname", "lastname"),),
               searchable=("firstname", "lastname", "email", "phone", "company"), mergeable=True,
               merge_makes_new_id=True, scope="contacts"),
    ObjectType("companies", "company", "0-2", "name", "createdate", named_webhooks=True,
               defaults=("name", "domain"), required=(("domain", "name"),),
               searchable=("name", "domain", "website", "phone"), mergeable=True, merge_makes_new_id=True,
               scope="companies"),
    ObjectType("deals", "deal", "0-3", "dealname", "createdate", named_webhooks=True,
               defaults=("dealname", "amount", "closedate", "pipeline", "dealstage"),
               required=(("dealname",), ("dealstage",)), searchable=("dealname", "pipeline", "dealstage"),
               mergeable=True, scope="deals"),
    ObjectType("tickets", "ticket", "0-5", "subject", "createdate", named_webhooks=True,
               defaults=("subject", "content", "hs_pipeline", "hs_pipeline_stage"), required=(("subject",),),
               searchable=("subject", "content"), mergeable=True, scope="tickets"),
    ObjectType("products", "product", "0-7", "name", "createdate", named_webhooks=True,
               defaults=("name", "description", "price"), required=(("name",),),
               searchable=("name", "description", "price", "hs_sku"), scope="products"),
    ObjectType("line_items", "line_item", "0-8", "name", "createdate", named_webhooks=True,
               defaults=("hs_product_id", "quantity", "amount"), required=(("hs_product_id", "name"),),
               searchable=("name", "hs_sku"), scope="line_items", other_names=("line items",)),
    ObjectType("quotes", "quote", "0-14", "hs_title", defaults=("hs_title", "hs_expiration_date", "hs_status"),
               required=(("hs_title",), ("hs_expiration_date",)), searchable=("hs_title", "hs_quote_number"),
               scope="quotes"),
    ObjectType("tasks", "task", "0-27", "hs_task_subject", "hs_createdate", required=(("hs_timestamp",),),
               searchable=("hs_task_subject", "hs_task_body"), scope="contacts"),
    ObjectType("invoices", "invoice", "0-53", "hs_number", required=(("hs_currency",),),
               searchable=("hs_number", "hs_title"), scope="invoices"),
    ObjectType("subscriptions", "subscription", "0-69", "hs_name", scope="subscriptions",
               searchable=("hs_name",), other_names=("commerce_subscriptions",)),
    ObjectType("discounts", "discount", "0-84", "hs_label", scope="line_items"),
    ObjectType("fees", "fee", "0-85", "hs_label", scope="line_items"),
    ObjectType("taxes", "tax", "0-86", "hs_label", scope="line_items"),
    ObjectType("commerce_payments", "commerce_payment", "0-101", "hs_reference_number",
               required=(("hs_initial_amount",), ("hs_initiated_date",)), searchable=("hs_reference_number",),
               scope="commercepayments", other_names=("payments", "payment")),
    ObjectType("orders", "order", "0-123", "hs_order_name", defaults=("hs_order_name",),
               searchable=("hs_order_name", "hs_external_order_id"), scope="orders"),
)  # fmt: skip


class Catalogue:
    """All types a portal knows."""

    def __init__(self, portal_id: int) -> None:
        self._portal_id = portal_id
        self._names: dict[str, ObjectType] = {}
        self.types: list[ObjectType] = []
        for standard in STANDARD:
            self.add(standard)

    def add(self, kind: ObjectType) -> None:
        """Make a type known under all its names."""
        self.types.append(kind)
        names = [kind.name, kind.singular, kind.type_id, *kind.other_names]
        if kind.custom:
            names += [f"p{self._portal_id}_{kind.singular}", f"p_{kind.singular}"]
        for name in names:
            self._names[name.lower()] = kind

    def remove(self, kind: ObjectType) -> None:
        """Forget a custom type."""
        self.types.remove(kind)
        self._names = {name: known for name, known in self._names.items() if known is not kind}

    def find(self, name: str) -> ObjectType | None:
        """Give the type of that name, if there is one."""
        return self._names.get(name.lower())

    def get(self, name: str) -> ObjectType:
        """Give the type of that name."""
        if (kind := self.find(name)) is None:
            raise Problem(400, f"Unable to infer object type from: {name}")
        return kind
