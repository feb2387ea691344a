"""What is known before the first readings have ended, and what is made of it afterwards."""

from schemas.names import Side
from tests.support.capturing import Desk, change, crm, crm_invoice, deal, erp, erp_invoice, mark

INVOICE = "xero/invoice/i"


def desk_before_hubspots_invoices_were_read() -> Desk:
    """Everything has been read once but HubSpot's invoices; one customer is linked."""
    desk = Desk()
    desk.take(
        erp("a"),
        crm("1", xero_contact_id="a"),
        *(mark(Side.CRM, kind) for kind in ("company", "contact", "product", "deal")),
        *(mark(Side.ERP, kind) for kind in ("contact", "item", "invoice", "credit_note", "payment")),
        deal("9", "1", version=3),
    )
    return desk


def test_an_invoice_of_ours_that_came_before_hubspots_invoices_were_read_is_alone_once_they_were():
    desk = desk_before_hubspots_invoices_were_read()
    ours = erp_invoice("i", "a", version=4, InvoiceNumber="RM-9")
    customer = str(desk.id_of("xero/contact/a"))
    desk.take(ours.model_copy(update={"canonical": "invoice:0123456789abcdef", "customer": customer}))
    assert [fact.alone for fact in desk.facts(INVOICE)] == [False]
    desk.take(mark(Side.CRM, "invoice"))
    assert [fact.alone for fact in desk.facts(INVOICE)] == [False, True]


def test_it_is_not_told_again_when_its_mirror_was_found():
    desk = desk_before_hubspots_invoices_were_read()
    ours = erp_invoice("i", "a", version=4, InvoiceNumber="RM-9")
    customer = str(desk.id_of("xero/contact/a"))
    desk.take(ours.model_copy(update={"canonical": "invoice:0123456789abcdef", "customer": customer}))
    desk.take(crm_invoice("7", "i", version=5), mark(Side.CRM, "invoice"))
    assert not any(fact.alone for fact in desk.facts(INVOICE))


def test_the_newest_version_is_the_one_told_again():
    desk = desk_before_hubspots_invoices_were_read()
    customer = str(desk.id_of("xero/contact/a"))
    first = erp_invoice("i", "a", version=4, InvoiceNumber="RM-9")
    desk.take(first.model_copy(update={"canonical": "invoice:0123456789abcdef", "customer": customer}))
    desk.take(erp_invoice("i", "a", version=6, InvoiceNumber="RM-9", AmountDue="15.00"))
    desk.take(mark(Side.CRM, "invoice"))
    assert [fact.fields["amount_due"] for fact in desk.facts(INVOICE) if fact.alone] == ["15.00"]


def test_history_is_what_its_own_side_showed_in_its_first_reading_whatever_the_other_side_is_at():
    desk = desk_before_hubspots_invoices_were_read()
    desk.take(erp_invoice("new", "a", version=8))
    desk.take(mark(Side.CRM, "invoice"))
    assert [fact.first for fact in desk.facts("xero/invoice/new")] == [False]


def test_a_record_of_the_first_reading_is_history_also_when_it_had_to_wait():
    desk = Desk()
    desk.take(erp_invoice("old", "a"), mark(Side.ERP, "invoice"), mark(Side.CRM, "invoice"))
    desk.take(erp("a"), mark(Side.ERP, "contact"), mark(Side.CRM, "company"))
    assert [fact.first for fact in desk.facts("xero/invoice/old")] == [True]


def test_what_was_told_is_no_history_any_more_though_all_is_not_read_yet():
    desk, held = Desk(), "xero/contact/a"
    desk.take(erp("a"), crm("1", xero_contact_id="a"), mark(Side.CRM, "company"), mark(Side.ERP, "contact"))
    assert {(fact.first, fact.settled) for fact in desk.facts(held)} == {(True, False)}
    desk.take(erp("a", version=8, ContactGroups=[{"Name": "On hold"}]))
    assert [(fact.first, fact.settled) for fact in desk.facts(held)][-1] == (False, False)
    desk.take(mark(Side.ERP, "invoice"), mark(Side.CRM, "invoice"))
    assert [(fact.first, fact.settled) for fact in desk.facts(held)][-1] == (False, True)


def test_a_change_of_an_unknown_kind_stops_nobody():
    desk = desk_before_hubspots_invoices_were_read()
    result = desk.take(change(Side.CRM, "ghost", "1", {}), crm("2"))
    assert [index for index, _ in result.refused] == [0]
