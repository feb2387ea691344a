"""HubSpot's own properties, as far as revenue work meets them.

In: nothing. Out: definitions per object type, following the property names of HubSpot's object guides; the
invoice totals were not in the guides and come from public integrations' use. Invariant: what HubSpot
computes is read-only.
"""

from collections.abc import Iterable, Mapping

from sandbox.hubspot.definitions import Definition, choices
from sandbox.hubspot.object_types import ObjectType

CURRENCIES = (
    "USD", "EUR", "GBP", "NZD", "AUD", "CAD", "CHF", "JPY", "KWD", "SEK", "NOK", "DKK", "SGD", "ZAR", "INR",
)  # fmt: skip
LIFECYCLE = {
    "subscriber": "Subscriber",
    "lead": "Lead",
    "marketingqualifiedlead": "Marketing Qualified Lead",
    "salesqualifiedlead": "Sales Qualified Lead",
    "opportunity": "Opportunity",
    "customer": "Customer",
    "evangelist": "Evangelist",
    "other": "Other",
}
FREQUENCIES = (
    "weekly", "biweekly", "monthly", "quarterly", "per_six_months", "annually", "per_two_years",
    "per_three_years",
)  # fmt: skip
INDUSTRIES = (
    "ACCOUNTING", "BANKING", "COMPUTER_SOFTWARE", "CONSTRUCTION", "FINANCIAL_SERVICES", "FOOD_PRODUCTION",
    "INFORMATION_TECHNOLOGY_AND_SERVICES", "MANAGEMENT_CONSULTING", "MANUFACTURING", "RETAIL", "WHOLESALE",
)  # fmt: skip
PAYMENT_STATES = (
    "processing", "succeeded", "failed", "partially_refunded", "refunded", "processing_refund",
    "disputed_action_required", "disputed_awaiting_decision", "disputed_won", "disputed_lost",
)  # fmt: skip
# Of the subscriptions guide: HubSpot moves a subscription among them, by calls of their own.
SUBSCRIPTION_STATES = ("active", "past_due", "unpaid", "canceled", "expired", "scheduled", "paused")
QUOTE_STATES = ("DRAFT", "APPROVAL_NOT_NEEDED", "PENDING_APPROVAL", "APPROVED", "REJECTED", "ACCEPTED")
# As a portal's definition of the property lists them.
PUBLISHED_STATES = (
    "DRAFT", "PENDING_APPROVAL", "CHANGES_REQUESTED", "PUBLISHED", "PUBLISHING", "ACCEPTED", "EXPIRED", "VOID",
    "ARCHIVED",
)  # fmt: skip
ADDRESS = ("address", "address2", "city", "state", "zip", "country")

Options = Mapping[str, str] | Iterable[str]


def _many(kind: str, names: str, *, read_only: bool = False) -> list[Definition]:
    return [Definition(name, kind, read_only=read_only) for name in names.split()]


def _text(names: str) -> list[Definition]:
    return _many("string", names)


def _numbers(names: str, *, read_only: bool = False) -> list[Definition]:
    return _many("number", names, read_only=read_only)


def _dates(names: str) -> list[Definition]:
    return _many("date", names)


def _moments(names: str, *, read_only: bool = False) -> list[Definition]:
    return _many("datetime", names, read_only=read_only)


def _flags(names: str, *, read_only: bool = False) -> list[Definition]:
    return _many("bool", names, read_only=read_only)


def _choice(name: str, options: Options, field_type: str = "select") -> list[Definition]:
    return [Definition(name, "enumeration", field_type=field_type, options=choices(options))]


def _everywhere(kind: ObjectType) -> list[Definition]:
    return [
        Definition("hs_object_id", "number", "Record ID", read_only=True, unique=True),
        Definition(kind.created, "datetime", "Create Date", read_only=True),
        Definition(kind.modified, "datetime", "Last Modified Date", read_only=True),
        Definition("hubspot_owner_id", "enumeration", "Owner", "select", owners=True),
        Definition("hs_merged_object_ids", "enumeration", "Merged IDs", "checkbox", read_only=True),
        *_many(
            "string",
            "hs_object_source hs_object_source_id hs_object_source_label hs_object_source_detail_1"
            " hs_object_source_detail_2 hs_object_source_detail_3",
            read_only=True,
        ),
        *_numbers("hs_object_source_user_id hs_created_by_user_id hs_updated_by_user_id", read_only=True),
    ]


def _address(prefix: str) -> list[Definition]:
    return _text(" ".join(f"{prefix}_{part}" for part in ADDRESS))


def _contacts() -> list[Definition]:
    return [
        *_text("firstname lastname company jobtitle website mobilephone hs_additional_emails salutation"),
        Definition("email", "string", "Email"),
        Definition("phone", "string", "Phone Number", "phonenumber"),
        *_text(" ".join(ADDRESS)),
        *_choice("lifecyclestage", LIFECYCLE, "radio"),
        *_choice("hs_lead_status", ("NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "CONNECTED")),
        *_numbers("associatedcompanyid"),
        *_numbers("num_associated_deals num_unique_conversion_events", read_only=True),
    ]


def _companies() -> list[Definition]:
    return [
        *_text("name domain website description timezone hs_additional_domains about_us"),
        Definition("phone", "string", "Phone Number", "phonenumber"),
        *_text(" ".join(ADDRESS)),
        *_choice("industry", INDUSTRIES),
        *_choice("type", ("PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER")),
        *_choice("lifecyclestage", LIFECYCLE, "radio"),
        *_numbers("annualrevenue numberofemployees"),
        *_numbers("hs_parent_company_id num_associated_contacts num_associated_deals", read_only=True),
    ]


def _deals() -> list[Definition]:
    return [
        *_text("dealname description closed_lost_reason closed_won_reason hs_next_step"),
        *_choice("pipeline", ()),
        *_choice("dealstage", (), "radio"),
        *_choice("dealtype", {"newbusiness": "New Business", "existingbusiness": "Existing Business"}),
        *_choice("deal_currency_code", CURRENCIES),
        *_choice("hs_priority", ("low", "medium", "high")),
        *_numbers("amount hs_acv hs_arr hs_mrr hs_tcv"),
        *_numbers("hs_deal_stage_probability amount_in_home_currency hs_closed_amount", read_only=True),
        *_numbers("num_associated_contacts", read_only=True),
        *_moments("closedate"),
        *_flags("hs_is_closed hs_is_closed_won hs_is_closed_lost", read_only=True),
    ]


def _tickets() -> list[Definition]:
    return [
        *_text("subject content"),
        *_choice("hs_pipeline", ()),
        *_choice("hs_pipeline_stage", ()),
        *_choice("hs_ticket_priority", ("LOW", "MEDIUM", "HIGH", "URGENT")),
    ]


def _tasks() -> list[Definition]:
    return [
        *_text("hs_task_subject hs_task_body"),
        *_choice("hs_task_status", ("NOT_STARTED", "COMPLETED", "IN_PROGRESS", "WAITING", "DEFERRED")),
        *_choice("hs_task_priority", ("NONE", "LOW", "MEDIUM", "HIGH")),
        *_choice("hs_task_type", ("TODO", "CALL", "EMAIL")),
        *_moments("hs_timestamp"),
    ]


def _selling() -> list[Definition]:
    return [
        *_text("name description hs_sku hs_url hs_images hs_recurring_billing_period"),
        *_numbers("price hs_cost_of_goods_sold tax"),
        *_choice("recurringbillingfrequency", FREQUENCIES),
    ]


def _products() -> list[Definition]:
    return [
        *_selling(),
        *_text("hs_folder"),
        *_choice("hs_product_type", ("inventory", "non_inventory", "service")),
        *_choice("hs_status", ("active", "inactive")),
    ]


def _line_items() -> list[Definition]:
    return [
        *_selling(),
        *_text("hs_tax_rate_group_id hs_product_id hs_billing_start_delay_type"),
        *_numbers("quantity discount hs_discount_percentage hs_position_on_quote hs_term_in_months"),
        *_numbers("hs_recurring_billing_number_of_payments hs_tax_rate"),
        *_numbers("hs_billing_start_delay_days hs_billing_start_delay_months"),
        *_numbers("amount hs_pre_discount_amount hs_total_discount hs_tax_amount", read_only=True),
        *_choice("hs_line_item_currency_code", CURRENCIES),
        *_dates("hs_recurring_billing_start_date hs_recurring_billing_end_date"),
    ]


def _quotes() -> list[Definition]:
    return [
        *_text("hs_title hs_quote_number hs_language hs_locale hs_comments hs_terms hs_template_type"),
        *_text("hs_sender_firstname hs_sender_lastname hs_sender_email hs_sender_company_name"),
        *_choice("hs_status", QUOTE_STATES),
        *_choice("hs_quote_status", PUBLISHED_STATES),
        *_moments("hs_accepted_date"),
        *_choice("hs_currency", CURRENCIES),
        *_choice("hs_sign_status", ("NONE", "ESIGN_COMPLETED", "PENDING_SIGNATURE")),
        *_dates("hs_expiration_date"),
        *_numbers("hs_quote_amount", read_only=True),
        *_flags("hs_esign_enabled hs_payment_enabled"),
        *_flags("hs_locked", read_only=True),
    ]


def _invoices() -> list[Definition]:
    return [
        *_text("hs_number hs_title hs_purchase_order_number hs_comments hs_tax_id hs_language hs_locale"),
        *_text("hs_allowed_payment_methods hs_invoice_payment_collection_method hs_domain hs_invoice_link"),
        *_address("hs_recipient_company"),
        *_address("hs_recipient_shipping"),
        *_choice("hs_invoice_status", ("draft", "open", "paid", "voided")),
        *_choice("hs_currency", CURRENCIES),
        *_dates("hs_invoice_date hs_due_date"),
        *_moments("hs_external_createdate hs_payment_date"),
        *_flags("hs_invoice_billable hs_allow_partial_payments hs_collect_address_types"),
        *_numbers("hs_amount_billed hs_balance_due hs_subtotal hs_amount_paid"),  # see `calculation`
    ]


def _commerce_payments() -> list[Definition]:
    return [
        *_text("hs_customer_email hs_reference_number hs_internal_comment hs_billing_address_name"),
        *_numbers("hs_initial_amount hs_refunds_amount hs_fees_amount hs_platform_fee"),
        *_numbers("hs_net_amount", read_only=True),
        *_moments("hs_initiated_date hs_payout_date"),
        *_choice("hs_latest_status", PAYMENT_STATES),
        *_choice("hs_currency_code", CURRENCIES),
        *_choice(
            "hs_payment_method_type",
            ("card", "ach", "cash", "check", "wire_transfer", "other", "sepa", "bacs", "pads"),
        ),
        *_choice("hs_processor_type", ("hs_payments", "byo_stripe", "none", "quickbooks", "xero")),
        *_choice("hs_payment_type", ("one_time", "recurring")),
    ]


def _orders() -> list[Definition]:
    return [
        *_text("hs_order_name hs_order_note hs_external_order_id hs_external_order_status hs_source_store"),
        *_text("hs_shipping_tracking_number hs_external_order_url hs_customer_email"),
        *_address("hs_shipping_address"),
        *_address("hs_billing_address"),
        *_choice("hs_pipeline", ()),
        *_choice("hs_pipeline_stage", ()),
        *_choice("hs_currency_code", CURRENCIES),
        *_text("hs_fulfillment_status hs_payment_status"),
        *_numbers("hs_total_price hs_subtotal_price hs_tax hs_shipping_cost hs_order_discount"),
        *_numbers("hs_refund_amount"),
        *_moments("hs_external_created_date hs_processed_date hs_cancelled_date"),
    ]


def _subscriptions() -> list[Definition]:
    return [
        *_text("hs_name hs_subscription_number hs_customer_email hs_net_payment_terms"),
        Definition(
            "hs_status", "enumeration", field_type="select", options=choices(SUBSCRIPTION_STATES), read_only=True
        ),
        *_choice("hs_invoice_creation", ("on", "off")),
        *_choice("hs_collection_process", ("manual_payments", "automatic_payments")),
        *_choice("hs_currency_code", CURRENCIES),
        *_choice("hs_recurring_billing_frequency", FREQUENCIES),
        *_numbers("hs_recurring_revenue hs_next_payment_amount hs_last_payment_amount"),
        *_numbers("hs_completed_payments hs_number_of_completed_payments hs_collected_amount"),
        *_dates("hs_recurring_billing_start_date hs_recurring_billing_end_date"),
        *_moments("hs_next_payment_due_date hs_last_payment_date hs_canceled_at"),
    ]


def _adjustments() -> list[Definition]:
    return [*_text("hs_label hs_type"), *_numbers("hs_value hs_sort_order")]


_SPECIFIC = {
    "contacts": _contacts,
    "companies": _companies,
    "deals": _deals,
    "tickets": _tickets,
    "tasks": _tasks,
    "products": _products,
    "line_items": _line_items,
    "quotes": _quotes,
    "invoices": _invoices,
    "commerce_payments": _commerce_payments,
    "orders": _orders,
    "subscriptions": _subscriptions,
    "discounts": _adjustments,
    "fees": _adjustments,
    "taxes": _adjustments,
}


def definitions(kind: ObjectType) -> list[Definition]:
    """Give HubSpot's own properties of a type; a custom type has the common ones only."""
    specific = _SPECIFIC.get(kind.name)
    group = f"{kind.singular}information"
    all_of_them = [*_everywhere(kind), *(specific() if specific else ())]
    for definition in all_of_them:
        definition.group = group
    return all_of_them
