"""What two orders of the same facts may end in otherwise: what cannot be taken back, and nothing more."""

from __future__ import annotations

import pytest

from agents.rules.numbering import invoice_id
from schemas.change import Change
from schemas.names import Entity, Side, canonical_id
from tests.simulation.irrevocable import may_differ
from tests.support.capturing import change
from tests.support.contracts import shipped

CUSTOMERS = {
    "main|company:a": {"crm": "hubspot/company/1", "erp": "xero/contact/x"},
    "main|company:b": {"crm": "hubspot/company/2", "erp": "xero/contact/y"},
    "main|company:c": {"crm": "hubspot/company/3", "erp": None},
}
DEAL = canonical_id(Entity.DEAL, "main", "hubspot/deal/7")
BILL = invoice_id("main", DEAL)
ADDRESS = {
    "hubspot company 1 revmark_shipping_street",
    "xero contact x Addresses",
    "record main|company:a|company:a crm shipping_address",
}
DUE = {
    "xero invoice RM-7 DueDate",
    "hubspot invoice RM-7 revmark_due_date",
    f"record main|company:a|{BILL} erp due_date",
}
BILLED = {
    *DUE, "xero invoice RM-7 Total", f"record main|company:a|{BILL} erp total", "hubspot deal 7 revmark_order_status",
    f"record main|company:a|{DEAL} erp order_status", "customer main|company:a balances",
    "window main|2026-09-01|NZD|erp",
}  # fmt: skip
FIRST = {"hubspot company 1 lifecyclestage", "customer main|company:a ordered"}
SAME = {
    "hubspot company 1 name", "hubspot company 1 phone", "hubspot company 1 revmark_payment_terms",
    "hubspot company 11 lifecyclestage", "hubspot company 2 revmark_shipping_street", "hubspot deal 7 dealstage",
    "hubspot deal 8 revmark_order_status", "hubspot deal 70 revmark_order_status", "xero contact x Name",
    "xero contact x groups", "xero contact y Addresses", "xero invoice RM-70 DueDate", "xero invoice RM-8 Total",
    "record main|company:a|company:a erp name", "record main|company:b|company:b crm shipping_address",
    "record main|company:a|invoice:other erp due_date", "customer main|company:a hold",
    "customer main|company:b balances",
}  # fmt: skip


def won(deal: str, company: str) -> Change:
    return change(Side.CRM, "deal", deal, {"properties": {}, "associations": {"company": [company]}})


@pytest.mark.parametrize(
    ("deeds", "ordered", "names"),
    [
        ({"erp_hold": {"x"}, "erp_terms": {"x"}, "crm_address": {"1"}}, set(), set()),
        ({"crm_win": {"7"}}, set(), set()),
        ({"crm_win": {"7"}, "erp_hold": {"y"}, "erp_terms": {"y"}, "crm_address": {"2"}}, set(), set()),
        ({"crm_win": {"7"}, "erp_terms": {"x"}}, set(), DUE),
        ({"crm_win": {"7"}, "crm_terms": {"1"}, "crm_rename": {"1"}, "erp_rename": {"x"}}, set(), set()),
        ({"crm_win": {"7"}, "crm_address": {"1"}}, set(), ADDRESS),
        ({"crm_win": {"7"}, "erp_address": {"x"}}, set(), ADDRESS),
        ({"crm_win": {"7"}, "erp_address": {"x"}}, {"main|company:a"}, set()),
        (
            {"crm_win": {"7"}, "erp_hold": {"x"}},
            {"main|company:a"},
            BILLED,
        ),
        ({"crm_win": {"7"}, "erp_hold": {"x"}}, set(), BILLED | FIRST),
    ],
)
def test_only_what_a_write_could_not_know_may_differ(deeds: dict[str, set[str]], ordered: set[str], names: set[str]):
    free = may_differ(shipped(), deeds, [won("7", "1"), won("8", "2")], CUSTOMERS, ordered)
    assert {name for name in ADDRESS | BILLED | FIRST | SAME if free.search(name)} == names
