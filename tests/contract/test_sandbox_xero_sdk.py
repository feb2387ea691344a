"""The vendor's own client, unmodified and over TCP, against the pretend Xero."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from xero_python.accounting import Account as XeroAccount
from xero_python.accounting import (
    AccountingApi,
    Allocation,
    Allocations,
    BankTransaction,
    BankTransactions,
    Contact,
    ContactGroup,
    ContactGroups,
    Contacts,
    CreditNote,
    CreditNotes,
    HistoryRecord,
    HistoryRecords,
    Invoice,
    Invoices,
    Item,
    Items,
    LineItem,
    Payment,
    PaymentDelete,
    Payments,
    Purchase,
    Quote,
    Quotes,
)
from xero_python.api_client import ApiClient, Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.exceptions import AccountingBadRequestException, ApiException
from xero_python.identity import IdentityApi

from sandbox.clock import VirtualClock
from sandbox.server import serving
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation


@dataclass
class Rig:
    """The SDK, wired to one organisation."""

    organisation: Organisation
    clock: VirtualClock
    url: str
    tenant: str
    token: dict[str, Any] = field(default_factory=dict)

    def client(self) -> ApiClient:
        oauth = OAuth2Token(
            client_id=self.organisation.identity.client_id, client_secret=self.organisation.identity.client_secret
        )
        return ApiClient(
            Configuration(oauth2_token=oauth),
            oauth2_token_getter=lambda: self.token,
            oauth2_token_saver=self.token.update,
        )

    @property
    def api(self) -> AccountingApi:
        return AccountingApi(self.client(), base_url=self.url + "/api.xro/2.0")


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    clock = VirtualClock()
    organisation = Organisation(clock=clock, minute_limit=10_000)
    organisation.seed_defaults()
    credentials = organisation.credentials()
    with serving(create_app(organisation, clock=clock)) as url:
        monkeypatch.setattr(TokenApi, "refresh_token_url", url + "/connect/token")
        token = {name: credentials[name] for name in ("access_token", "refresh_token", "expires_in")}
        scope = str(credentials["scope"]).split()
        token |= {"expires_at": 9e9, "token_type": "Bearer", "scope": scope}
        yield Rig(organisation, clock, url, organisation.tenant_id, token)


def invoice_for(contact_id: str, number: str | None = None, **more: Any) -> Invoice:
    line = LineItem(description="Seats", quantity=Decimal(2), unit_amount=Decimal("10.50"), account_code="200")
    return Invoice(
        **{
            "type": "ACCREC",
            "contact": Contact(contact_id=contact_id),
            "line_items": [line],
            "date": date(2026, 9, 1),
            "due_date": date(2026, 10, 1),
            "invoice_number": number,
            "status": "AUTHORISED",
            **more,
        }
    )


def contact(rig: Rig, name: str = "Acme", **more: Any) -> str:
    made = rig.api.create_contacts(rig.tenant, Contacts(contacts=[Contact(name=name, **more)]))
    return str(made.contacts[0].contact_id)


def test_connections_are_listed(rig: Rig) -> None:
    listed = IdentityApi(rig.client(), base_url=rig.url).get_connections()
    assert [(each.tenant_id, each.tenant_name) for each in listed] == [(rig.tenant, "Demo Company (NZ)")]


def test_a_stale_token_is_refreshed_and_the_call_repeated(rig: Rig) -> None:
    first = rig.token["refresh_token"]
    rig.token["expires_at"] = 0
    assert rig.api.get_organisations(rig.tenant).organisations[0].base_currency.value == "NZD"
    assert rig.token["refresh_token"] != first
    assert rig.organisation.identity.refreshes == 1


def test_settings_are_read(rig: Rig) -> None:
    accounts = {each.code: each for each in rig.api.get_accounts(rig.tenant).accounts}
    rates = {each.tax_type: each for each in rig.api.get_tax_rates(rig.tenant).tax_rates}
    codes = [each.code for each in rig.api.get_currencies(rig.tenant).currencies]
    assert accounts["200"].tax_type == "OUTPUT2"
    assert rates["OUTPUT2"].effective_rate == 15
    assert {str(getattr(code, "value", code)) for code in codes} >= {"NZD", "USD", "EUR", "JPY"}


def test_a_contact_is_made_changed_and_found(rig: Rig) -> None:
    id_ = contact(rig, contact_number="hs-1", email_address="a@acme.test")
    changed = Contacts(contacts=[Contact(contact_number="hs-1", email_address="b@acme.test")])
    assert rig.api.update_or_create_contacts(rig.tenant, changed).contacts[0].contact_id == id_
    assert rig.api.get_contact(rig.tenant, "hs-1").contacts[0].email_address == "b@acme.test"
    found = rig.api.get_contacts(rig.tenant, where='Name=="ACME"', page=1)
    assert [each.contact_id for each in found.contacts] == [id_]
    assert found.pagination.item_count == 1


def test_a_contact_joins_and_leaves_the_credit_hold(rig: Rig) -> None:
    id_ = contact(rig)
    group = rig.api.get_contact_groups(rig.tenant).contact_groups[0]
    members = Contacts(contacts=[Contact(contact_id=id_)])
    rig.api.create_contact_group_contacts(rig.tenant, group.contact_group_id, members)
    held = rig.api.get_contact(rig.tenant, id_).contacts[0]
    assert [each.name for each in held.contact_groups] == ["Credit hold"]
    rig.api.delete_contact_group_contact(rig.tenant, group.contact_group_id, id_)
    assert rig.api.get_contact(rig.tenant, id_).contacts[0].contact_groups == []
    more = ContactGroups(contact_groups=[ContactGroup(name="Partners")])
    assert rig.api.create_contact_group(rig.tenant, more).contact_groups[0].name == "Partners"


def test_an_item_gives_its_price_and_account_to_a_line(rig: Rig) -> None:
    details = Purchase(unit_price=Decimal("19.99"), account_code="201", tax_type="OUTPUT2")
    rig.api.create_items(rig.tenant, Items(items=[Item(code="SEAT", name="Seat", sales_details=details)]))
    line = LineItem(item_code="SEAT", quantity=Decimal(3))
    made = rig.api.create_invoices(rig.tenant, Invoices(invoices=[invoice_for(contact(rig), line_items=[line])]))
    assert (made.invoices[0].sub_total, made.invoices[0].line_items[0].account_code) == (Decimal("59.97"), "201")
    assert rig.api.get_item(rig.tenant, "SEAT").items[0].updated_date_utc.tzinfo is not None


def test_an_invoice_is_paid_refused_a_void_and_reopened(rig: Rig) -> None:
    made = rig.api.create_invoices(rig.tenant, Invoices(invoices=[invoice_for(contact(rig))])).invoices[0]
    assert (made.total, made.amount_due, made.invoice_number) == (Decimal("24.15"), Decimal("24.15"), "INV-0001")
    pay = Payment(
        invoice=Invoice(invoice_id=made.invoice_id), account=XeroAccount(code="090"), amount=Decimal("24.15"),
        date=date(2026, 9, 2), reference="bank-1",
    )  # fmt: skip
    payment = rig.api.create_payments(rig.tenant, Payments(payments=[pay])).payments[0]
    paid = rig.api.get_invoice(rig.tenant, made.invoice_id).invoices[0]
    assert (paid.status, paid.amount_due, paid.fully_paid_on_date) == ("PAID", 0, date(2026, 9, 2))
    void = Invoice(invoice_id=made.invoice_id, status="VOIDED")
    with pytest.raises(AccountingBadRequestException) as caught:
        rig.api.update_or_create_invoices(rig.tenant, Invoices(invoices=[void]))
    assert "payments or credit notes allocated" in caught.value.reason
    rig.api.delete_payment(rig.tenant, payment.payment_id, PaymentDelete(status="DELETED"))
    assert rig.api.get_invoice(rig.tenant, made.invoice_id).invoices[0].status == "AUTHORISED"
    assert rig.api.get_payments(rig.tenant).payments[0].status == "DELETED"


def test_a_credit_note_is_allocated_taken_back_and_refunded(rig: Rig) -> None:
    id_ = contact(rig)
    invoice = rig.api.create_invoices(rig.tenant, Invoices(invoices=[invoice_for(id_)])).invoices[0]
    line = LineItem(description="Sorry", quantity=Decimal(1), unit_amount=Decimal(10), account_code="200")
    note = CreditNote(
        type="ACCRECCREDIT", contact=Contact(contact_id=id_), line_items=[line], status="AUTHORISED",
        date=date(2026, 9, 3),
    )  # fmt: skip
    made = rig.api.create_credit_notes(rig.tenant, CreditNotes(credit_notes=[note])).credit_notes[0]
    part = Allocation(invoice=Invoice(invoice_id=invoice.invoice_id), amount=Decimal("11.50"), date=date(2026, 9, 3))
    allocated = rig.api.create_credit_note_allocation(
        rig.tenant, made.credit_note_id, Allocations(allocations=[part])
    ).allocations[0]
    assert rig.api.get_invoice(rig.tenant, invoice.invoice_id).invoices[0].amount_credited == Decimal("11.50")
    spent = rig.api.get_credit_note(rig.tenant, made.credit_note_id).credit_notes[0]
    assert (spent.status, spent.remaining_credit) == ("PAID", 0)
    rig.api.delete_credit_note_allocations(rig.tenant, made.credit_note_id, allocated.allocation_id)
    assert rig.api.get_credit_note(rig.tenant, made.credit_note_id).credit_notes[0].status == "AUTHORISED"
    refund = Payment(
        credit_note=CreditNote(credit_note_id=made.credit_note_id), account=XeroAccount(code="090"),
        amount=Decimal("11.50"), date=date(2026, 9, 4),
    )  # fmt: skip
    payment = rig.api.create_payments(rig.tenant, Payments(payments=[refund])).payments[0]
    assert payment.payment_type == "ARCREDITPAYMENT"


def test_errors_of_single_elements_leave_the_others_saved(rig: Rig) -> None:
    id_ = contact(rig)
    both = Invoices(invoices=[invoice_for(id_, "A-1"), invoice_for(id_, "A-1"), invoice_for(id_, "A-2")])
    made = rig.api.create_invoices(rig.tenant, both, summarize_errors=False).invoices
    assert [each.status_attribute_string for each in made] == ["OK", "ERROR", "OK"]
    assert made[1].validation_errors[0].message == "Invoice # must be unique."
    with pytest.raises(AccountingBadRequestException):
        rig.api.create_invoices(rig.tenant, Invoices(invoices=[invoice_for(id_, "A-3"), invoice_for(id_, "A-1")]))
    assert len(rig.api.get_invoices(rig.tenant, page=1).invoices) == 2


def test_an_idempotency_key_repeats_the_answer(rig: Rig) -> None:
    body = Invoices(invoices=[invoice_for(contact(rig))])
    first = rig.api.create_invoices(rig.tenant, body, idempotency_key="k1").invoices[0]
    again = rig.api.create_invoices(rig.tenant, body, idempotency_key="k1").invoices[0]
    assert first.invoice_id == again.invoice_id
    rig.clock.move(361)
    assert rig.api.create_invoices(rig.tenant, body, idempotency_key="k1").invoices[0].invoice_id != first.invoice_id


def test_pages_and_if_modified_since(rig: Rig) -> None:
    id_ = contact(rig)
    for number in range(5):
        rig.clock.move(60)
        rig.api.create_invoices(rig.tenant, Invoices(invoices=[invoice_for(id_, f"P-{number}")]))
    second = rig.api.get_invoices(rig.tenant, page=2, page_size=2, order="InvoiceNumber DESC")
    assert [each.invoice_number for each in second.invoices] == ["P-2", "P-1"]
    assert (second.pagination.page_count, second.pagination.item_count) == (3, 5)
    since = datetime(2026, 9, 1, 9, 0, tzinfo=UTC) + timedelta(minutes=4)
    late = rig.api.get_invoices(rig.tenant, if_modified_since=since)
    assert [each.invoice_number for each in late.invoices] == ["P-3", "P-4"]
    assert late.invoices[0].line_items == []


def test_history_notes_are_added(rig: Rig) -> None:
    made = rig.api.create_invoices(rig.tenant, Invoices(invoices=[invoice_for(contact(rig))])).invoices[0]
    note = HistoryRecords(history_records=[HistoryRecord(details="Synced")])
    rig.api.create_invoice_history(rig.tenant, made.invoice_id, note)
    assert rig.api.get_invoice_history(rig.tenant, made.invoice_id).history_records[0].details == "Synced"


def test_quotes_and_money_in_advance_are_read(rig: Rig) -> None:
    id_ = contact(rig)
    line = LineItem(description="Seats", quantity=Decimal(2), unit_amount=Decimal(50), account_code="200")
    quote = Quote(contact=Contact(contact_id=id_), date=date(2026, 9, 1), line_items=[line], title="Seats")
    rig.api.create_quotes(rig.tenant, Quotes(quotes=[quote]))
    shown = rig.api.get_quotes(rig.tenant, page=1).quotes[0]
    assert (shown.quote_number, shown.status.value, shown.total) == ("QU-0001", "DRAFT", Decimal(115))
    banked = BankTransaction(
        type="RECEIVE-PREPAYMENT", contact=Contact(contact_id=id_), line_items=[line],
        bank_account=XeroAccount(code="090"),
    )  # fmt: skip
    rig.api.create_bank_transactions(rig.tenant, BankTransactions(bank_transactions=[banked]))
    advance = rig.api.get_prepayments(rig.tenant, page=1).prepayments[0]
    assert (advance.type, advance.remaining_credit) == ("RECEIVE-PREPAYMENT", Decimal(115))
    assert rig.api.get_bank_transactions(rig.tenant).bank_transactions[0].prepayment_id == advance.prepayment_id


def test_a_merged_contact_points_at_the_one_that_stayed(rig: Rig) -> None:
    loser, winner = contact(rig, "Acme"), contact(rig, "Acme Limited")
    body = {"loser": loser, "winner": winner}
    assert httpx.post(f"{rig.url}/_sandbox/people/merge", json=body).status_code == 200
    gone = rig.api.get_contact(rig.tenant, loser).contacts[0]
    assert (gone.contact_status, gone.merged_to_contact_id) == ("ARCHIVED", winner)


def test_an_unknown_id_is_an_empty_404(rig: Rig) -> None:
    with pytest.raises(ApiException) as caught:
        rig.api.get_invoice(rig.tenant, "00000000-0000-4000-8000-000000000000")
    assert (caught.value.status, caught.value.body) == (404, b"")


def test_every_reply_tells_what_is_left(rig: Rig) -> None:
    for _ in range(3):
        _, _, headers = rig.api.get_organisations(rig.tenant, _return_http_data_only=False)
    assert int(headers["X-MinLimit-Remaining"]) == 10_000 - 3
