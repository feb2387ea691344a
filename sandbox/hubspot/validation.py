"""What HubSpot lets into a record.

In: a request's properties and the record they are for. Out: the strings to keep, or HubSpot's refusal.
Invariant: nothing is changed here, so that a batch can be refused whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.hubspot import values
from sandbox.hubspot.errors import Fault, Problem, conflict, invalid, invalid_values, missing_properties
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.pipelines import STAGE_PROPERTIES
from sandbox.hubspot.records import Record
from sandbox.hubspot.standard import LIFECYCLE

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

COPIED_FROM_PRODUCT = (  # a line item takes these once, when it is made (line-items guide)
    "name", "description", "price", "hs_sku", "hs_cost_of_goods_sold", "recurringbillingfrequency", "tax",
)  # fmt: skip
TOTALS = {"hs_amount_billed", "hs_balance_due", "hs_subtotal", "hs_amount_paid"}  # of an invoice
PUBLISHED = {"APPROVAL_NOT_NEEDED", "APPROVED"}  # a quote people can see is locked


@dataclass(slots=True)
class Claims:
    """The unique values the earlier inputs of a batch have taken, and who takes them."""

    taken: dict[tuple[str, str], int | None] = field(default_factory=dict)


def checked(
    portal: "Portal",
    kind: ObjectType,
    raw: Mapping[str, object],
    record: Record | None = None,
    claims: Claims | None = None,
) -> dict[str, str]:
    """Give the values to keep; without a record, for a new one with its defaults."""
    wanted = dict(raw)
    if record is None:
        wanted = _defaults(portal, kind, wanted)
    kept = _clean(portal, kind, wanted, record)
    if record is None:
        _require(kind, kept)
    _stages(portal, kind, kept, record)
    _forward_only(kept, record)
    _invoice(portal, kind, kept, record)
    _quote(kind, kept, record)
    _unique(portal, kind, kept, record, claims or Claims())
    return kept


def _defaults(portal: "Portal", kind: ObjectType, raw: dict[str, object]) -> dict[str, object]:
    given = dict(raw)
    if kind.name == "line_items":
        product_id = values.text_of(raw.get("hs_product_id"))
        products = portal.catalogue.get("products")
        product = portal.store.get(products, int(product_id)) if product_id.isdigit() else None
        for name in COPIED_FROM_PRODUCT:
            if product is not None and product.get(name) and name not in given:
                given[name] = product.get(name)
        given.setdefault("quantity", "1")
    if kind.name == "invoices":
        given.setdefault("hs_invoice_status", "draft")
        given.setdefault("hs_invoice_billable", "true")
    if kind.name == "quotes":
        given.setdefault("hs_status", "DRAFT")
    if kind.name == "commerce_payments":
        if not portal.payments_enabled:
            raise Problem(400, "Commerce payments need HubSpot payments or Stripe to be set up.")
        given.setdefault("hs_latest_status", "succeeded")
    if kind.name == "subscriptions":
        if not portal.payments_enabled:
            raise Problem(400, "Subscriptions need HubSpot payments or Stripe payment processing to be set up.")
        given.setdefault("hs_invoice_creation", "off")
    return given | _first_stage(portal, kind, given)


def _first_stage(portal: "Portal", kind: ObjectType, given: Mapping[str, object]) -> dict[str, object]:
    """Give a new record's pipeline and stage as far as it names none."""
    pipelines = sorted(portal.pipelines.of(kind).values(), key=lambda each: each.display_order)
    names = STAGE_PROPERTIES.get(kind.type_id)
    if not pipelines or names is None:
        return {}
    if given.get(names[1]):  # the stage must be of the first pipeline, or name its own
        return {names[0]: given.get(names[0], pipelines[0].id)}
    if kind.name != "orders":
        return {}
    chosen = portal.pipelines.of(kind).get(values.text_of(given.get(names[0])), pipelines[0])
    stages = sorted(chosen.stages.values(), key=lambda each: each.display_order)
    return {names[0]: given.get(names[0]) or chosen.id, names[1]: stages[0].id} if stages else {}


def _clean(
    portal: "Portal", kind: ObjectType, raw: Mapping[str, object], record: Record | None
) -> dict[str, str]:  # fmt: skip
    kept: dict[str, str] = {}
    faults: list[Fault] = []
    for name, value in raw.items():
        definition = portal.dictionary.find(kind, name)
        if definition is None:
            faults.append(Fault(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
            continue
        if definition.read_only:
            message = f'"{name}" is a read only property; its value cannot be set.'
            faults.append(Fault(name, "READ_ONLY_VALUE", message))
            continue
        try:
            if definition.owners:
                kept[name] = _owner(portal, name, value)
            else:
                kept[name] = values.clean(definition, value, record.get(name) if record else "")
        except values.Invalid as error:
            faults.append(error.fault)
        except LookupError as error:
            faults.append(Fault(name, "INVALID_OWNER_ID", str(error.args[0])))
    for rule in portal.dictionary.rules:
        value = kept.get(rule.property_name, "")
        if rule.kind == kind.name and not rule.allows(value):
            faults.append(Fault(rule.property_name, rule.code, f"{value} breaks a rule of this account"))
    if faults:
        raise invalid_values(faults, portal.portal_id)
    return kept


def _owner(portal: "Portal", name: str, value: object) -> str:
    text = values.text_of(value).strip()
    if text and text not in portal.owners:
        raise LookupError(f"{text} is not an owner; {name} takes owner ids")
    return text


def _require(kind: ObjectType, kept: Mapping[str, str]) -> None:
    missing = [names[0] for names in kind.required if not any(kept.get(name) for name in names)]
    if missing:
        raise missing_properties(kind.singular, missing)


def _stages(
    portal: "Portal", kind: ObjectType, kept: dict[str, str], record: Record | None
) -> None:  # fmt: skip
    names = STAGE_PROPERTIES.get(kind.type_id)
    if names is None or not (kept.get(names[1]) or kept.get(names[0])):
        return
    pipeline_name, stage_name = names
    stage_id = kept.get(stage_name) or (record.get(stage_name) if record else "")
    found = portal.pipelines.stage(kind, stage_id) if stage_id else None
    wanted = kept.get(pipeline_name) or (record.get(pipeline_name) if record else "")
    if stage_id and (found is None or (wanted and found[0].id != wanted)):
        message = f"{stage_id} is not a stage of pipeline {wanted}"
        raise invalid_values([Fault(stage_name, "INVALID_OPTION", message)], portal.portal_id)


def _forward_only(kept: dict[str, str], record: Record | None) -> None:
    """Ignore a lifecycle stage that would go back: it must be cleared first (contacts guide)."""
    if record is None or not kept.get("lifecyclestage"):
        return
    order = list(LIFECYCLE)
    current, wanted = record.get("lifecyclestage"), kept["lifecyclestage"]
    if current in order and wanted in order and order.index(wanted) < order.index(current):
        del kept["lifecyclestage"]


def _invoice(
    portal: "Portal", kind: ObjectType, kept: Mapping[str, str], record: Record | None
) -> None:  # fmt: skip
    if kind.name != "invoices":
        return
    billable = kept.get("hs_invoice_billable", record.get("hs_invoice_billable") if record else "true")
    if billable == "false":
        return  # tracking only: no document, no checks (invoices guide)
    computed = sorted(TOTALS & kept.keys())
    if computed:
        faults = [Fault(n, "READ_ONLY_VALUE", f'"{n}" is computed from the line items') for n in computed]
        raise invalid_values(faults, portal.portal_id)
    status = kept.get("hs_invoice_status", "")
    if record is not None and status == record.get("hs_invoice_status"):
        return
    if status == "paid":
        raise invalid("An invoice is paid by its payments; hs_invoice_status cannot be set to paid.")
    if status == "open":
        node = (kind.type_id, record.id) if record else None
        lines = portal.live_ids(node, "0-8") if node else []
        contacts = portal.live_ids(node, "0-1") if node else []
        if not lines or not contacts:
            raise invalid("An invoice needs a line item and a contact before it can be opened.")


def _quote(kind: ObjectType, kept: Mapping[str, str], record: Record | None) -> None:
    if kind.name != "quotes" or record is None or record.get("hs_status") not in PUBLISHED:
        return
    if "hs_status" not in kept and kept:
        raise invalid("This quote is published and locked; move it back to DRAFT to change it.")


def _unique(
    portal: "Portal", kind: ObjectType, kept: Mapping[str, str], record: Record | None, claims: Claims
) -> None:  # fmt: skip
    mine = record.id if record else None
    names = [*portal.dictionary.unique_names(kind), *(["email"] if kind.name == "contacts" else [])]
    label = kind.singular.replace("_", " ").capitalize()
    for name in names:
        if not (value := kept.get(name)):
            continue
        if name == "email" and portal.quirks.gdpr_blocks_email and value.lower() in portal.store.erased:
            raise invalid(f"{label} was permanently deleted and cannot be created again.")
        holder = portal.store.holder(kind, name, value)
        if holder is not None and holder.id != mine:
            raise conflict(label, holder.id)
        key = (name, value.lower())
        if key in claims.taken and (mine is None or claims.taken[key] != mine):
            raise Problem(409, f"{label}: two inputs have the same {name} {value}", "CONFLICT")
        claims.taken[key] = mine
