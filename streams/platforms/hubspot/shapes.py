"""The shape of each record type: which canonical field sits in which property, and how it is spelt.

In: nothing. Out: one `Shape` per kind, read by translation, payloads, properties and the client.
Invariant: a field has one place per kind; what has no place here, HubSpot cannot hold.
Sources: HubSpot's guides to the object types and to custom objects, and its table of object type ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from schemas.contract import Contract
from schemas.names import Entity, Side
from streams.platforms.hubspot.shape import CUSTOM, MERGED, Column, Shape, object_path
from streams.platforms.hubspot.shown import RECEIPT, REVENUE, custom_receipt
from streams.platforms.hubspot.sold import ORDER, SUBSCRIPTION, custom_sold, unstaged

__all__ = [  # passed on from here
    "CUSTOM", "MERGED", "ORDER", "RECEIPT", "REVENUE", "SUBSCRIPTION", "Column", "Shape", "object_path",
]  # fmt: skip

BELONGS = frozenset({Entity.COMPANY, Entity.DEAL})  # what may say to which subsidiary it belongs
PARENT = "hs_parent_company_id"  # HubSpot's own, read-only: it follows the association with the parent company
PLATFORM = "hubspot"
OWNER = "hubspot_owner_id"  # of every type: the user whose it is
_ID = re.compile(r"[0-9]{1,20}")  # not `isdigit`, which knows "²"; HubSpot's ids fit into 64 bits


def is_id(value: object) -> bool:
    """Whether this is an id as HubSpot writes them. References are joined with "|" and "/" in keys: nothing else is."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


COMPANY = Shape(
    kind="company",
    entity=Entity.COMPANY,
    path="companies",
    type_id="0-2",
    key="xero_contact_id",
    erp_kind="contact",
    currency="revmark_currency",
    columns=(
        Column("name", "name"),
        Column("domain", "domain", "lower"),
        Column("phone", "phone"),
        Column("tax_number", "revmark_tax_number"),
        Column("currency", "revmark_currency", "currency"),
        Column("payment_terms", "revmark_payment_terms"),
        Column("credit_hold", "revmark_credit_hold", "bool"),
        Column("lifecycle", "lifecyclestage"),
        Column("balance_due", "revmark_balance_due", "amount"),
        Column("last_payment_date", "revmark_last_payment_date", "day"),
        Column("last_payment_amount", "revmark_last_payment_amount", "amount"),
        Column("erp_id", "xero_contact_id"),
    ),
    address=(
        ("street", "revmark_shipping_street"),
        ("city", "revmark_shipping_city"),
        ("region", "revmark_shipping_region"),
        ("postal_code", "revmark_shipping_postal_code"),
        ("country", "revmark_shipping_country"),
    ),
)

CONTACT = Shape(
    kind="contact",
    entity=Entity.CONTACT,
    path="contacts",
    type_id="0-1",
    key="email",
    modified="lastmodifieddate",  # contacts alone lack the hs_ prefix
    parents=("company",),
    columns=(
        Column("email", "email", "lower"),
        Column("first_name", "firstname"),
        Column("last_name", "lastname"),
    ),
)

PRODUCT = Shape(
    kind="product",
    entity=Entity.PRODUCT,
    path="products",
    type_id="0-7",
    key="xero_item_id",
    erp_kind="item",
    columns=(
        Column("sku", "hs_sku"),
        Column("name", "name"),
        Column("description", "description"),
        Column("price", "price", "amount"),
        Column("erp_id", "xero_item_id"),
    ),
)

SHIPPED = "revmark_shipped_quantity"  # ours: a portal that does not have it shows nothing there
LINE_ITEM_PROPERTIES = (
    "hs_sku",
    "name",
    "description",
    "quantity",
    "price",
    "discount",
    "hs_discount_percentage",
    "amount",
    "hs_position_on_quote",
    SHIPPED,
    "hs_lastmodifieddate",
)
# Of lines that are billed again and again. HubSpot's own documentation gives the labels, and the names of some.
EVERY, STARTS, PAYMENTS, TERM, DELAY = RECURRING = (
    "recurringbillingfrequency",
    "hs_recurring_billing_start_date",
    "hs_recurring_billing_number_of_payments",
    "hs_recurring_billing_period",
    "hs_billing_start_delay_type",
)

DEAL = Shape(
    kind="deal",
    entity=Entity.DEAL,
    path="deals",
    type_id="0-3",
    key="revmark_key",
    currency="deal_currency_code",
    parents=("company", "contact"),
    lines=LINE_ITEM_PROPERTIES,
    columns=(
        Column("name", "dealname"),
        Column("stage", "dealstage"),
        Column("amount", "amount", "amount"),
        Column("currency", "deal_currency_code", "currency"),
        Column("closed_at", "closedate", "instant"),
        Column("order_status", "revmark_order_status"),
        Column("invoice_number", "revmark_invoice_number"),
        Column("invoice_status", "revmark_invoice_status"),
        Column("amount_due", "revmark_amount_due", "amount"),
        Column("amount_paid", "revmark_amount_paid", "amount"),
    ),
)

INVOICE = Shape(
    kind="invoice",
    entity=Entity.INVOICE,
    path="invoices",
    type_id="0-53",
    key="xero_invoice_id",
    erp_kind="invoice",
    currency="hs_currency",
    parents=("company", "deal"),
    # HubSpot's documented mode for invoices billed elsewhere: no document, no validation, no e-mail to the customer.
    on_create=(("hs_invoice_billable", "false"),),
    columns=(
        Column("number", "revmark_invoice_number"),
        Column("status", "revmark_invoice_status"),
        Column("date", "hs_invoice_date", "day"),
        Column("due_date", "hs_due_date", "day"),
        Column("currency", "hs_currency", "currency"),
        Column("total", "revmark_total", "amount"),
        Column("amount_due", "revmark_amount_due", "amount"),
        Column("amount_paid", "revmark_amount_paid", "amount"),
        Column("amount_credited", "revmark_amount_credited", "amount"),
        Column("erp_id", "xero_invoice_id"),
    ),
)

TASK = Shape(
    kind="task",
    entity=Entity.TASK,
    path="tasks",
    type_id="0-27",
    key="revmark_task_key",
    on_create=(("hs_task_status", "NOT_STARTED"), ("hs_task_type", "TODO")),
    followed=False,
    columns=(
        Column("subject", "hs_task_subject"),
        Column("body", "hs_task_body"),
        Column("priority", "hs_task_priority"),
        Column("due_at", "hs_timestamp", "instant"),
        Column("owner", OWNER),
    ),
)

# In the order in which a first reading makes sense: what is referred to comes before what refers to it.
SHAPES: dict[str, Shape] = {shape.kind: shape for shape in (PRODUCT, COMPANY, CONTACT, DEAL, INVOICE)}

# On an object of the portal's own HubSpot's properties of invoices are not there, nor is its prefix free: ours are.
_OWN_NAMES = {"hs_invoice_date": "revmark_invoice_date", "hs_due_date": "revmark_due_date",
              "hs_currency": "revmark_currency"}  # fmt: skip


def custom_invoice(name: str) -> Shape:
    """The mirror of invoices on a custom object of this name."""
    columns = tuple(replace(each, property=_OWN_NAMES.get(each.property, each.property)) for each in INVOICE.columns)
    return replace(
        INVOICE, path=object_path(name), type_id=CUSTOM, columns=columns, currency="revmark_currency", on_create=()
    )


def shapes_of(contract: Contract) -> dict[str, Shape]:
    """The shapes under a contract, on the objects that it chooses.

    They are ours, with the customer's own fields, the properties that name a subsidiary, who pays and a consent, and
    what automations need: tasks, and what is only shown, are among them only where the contract has any.
    """
    objects, found = contract.platforms.objects, dict(SHAPES)
    if objects.invoice != "native":
        found[INVOICE.kind] = custom_invoice(objects.invoice.custom)
    if objects.revenue is not None:
        found[REVENUE.kind] = replace(REVENUE, path=object_path(objects.revenue.custom))
    if (payment := objects.payment) is not None:
        found[RECEIPT.kind] = RECEIPT if payment == "native" else custom_receipt(payment.custom)
    if (order := objects.order) is not None:
        own = ORDER if objects.order_pipeline == "revmark" else unstaged(ORDER)
        found[own.kind] = own if order == "native" else custom_sold(own, order.custom)
    if (subscription := objects.subscription) is not None:
        own = SUBSCRIPTION
        found[own.kind] = own if subscription == "native" else custom_sold(own, subscription.custom)
    if any(each.task for each in contract.automations):
        found[TASK.kind] = TASK
    if contract.timing.subscriptions is not None:
        found[DEAL.kind] = replace(DEAL, lines=(*DEAL.lines, *RECURRING))
    if contract.timing.order_when == "quote_accepted":
        found[DEAL.kind] = replace(found[DEAL.kind], quotes=True)
    if contract.billing.bill_to == "parent":
        found[COMPANY.kind] = replace(found[COMPANY.kind], payer=PARENT)
    return {kind: _dated(contract, _with(shape, _own(contract, shape))) for kind, shape in found.items()}


def path_of(kind: str, shapes: Mapping[str, Shape] = SHAPES) -> str:
    """The path of a kind's object type, line items and quotes among them."""
    return PARTS[kind] if kind in PARTS else shapes[kind].path


def _dated(contract: Contract, shape: Shape) -> Shape:
    """With the properties of which the later edit wins; an address is several, and goes by the record's version."""
    clause = contract.clause(shape.entity)
    names = clause.newest if clause else ()
    found = tuple(column.property for column in shape.columns if column.field in names)
    return replace(shape, dated=found) if found else shape


def _own(contract: Contract, shape: Shape) -> tuple[Column, ...]:
    fields = contract.mapped(shape.entity).items()
    own = tuple(Column(name, mapped.on(Side.CRM).at, mapped=mapped) for name, mapped in fields)
    said = contract.subsidiary
    wanted = [each.set for each in contract.automations if each.set is not None and each.set.of == shape.kind]
    own += tuple(
        Column(each.field, each.property, mapped=each.mapped) for each in {each.field: each for each in wanted}.values()
    )
    if shape is COMPANY and any(each.task and each.task.to == "owner" for each in contract.automations):
        own = (*own, Column("owner", OWNER))
    if shape is COMPANY and contract.consent is not None:
        own = (*own, Column("consent", contract.consent.property))
    return own if said is None or shape.entity not in BELONGS else (*own, Column("subsidiary", said.crm))


def _with(shape: Shape, columns: tuple[Column, ...]) -> Shape:
    return replace(shape, columns=(*shape.columns, *columns)) if columns else shape


BELONGINGS = "belongings"  # of a reading: the people and deals of companies
LINE_ITEM = "line_item"
QUOTE = "quote"
LINE_ITEMS, QUOTES = "line_items", "quotes"  # the paths of what is read only as part of its deal
PARTS = {LINE_ITEM: LINE_ITEMS, QUOTE: QUOTES}
QUOTE_PROPERTIES = (
    "hs_status",
    "hs_quote_status",
    "hs_sign_status",
    "hs_accepted_date",
    "hs_currency",
    "hs_lastmodifieddate",
)

LIFECYCLE = "lifecyclestage"
STAGES = (  # HubSpot's own, in their order
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)
