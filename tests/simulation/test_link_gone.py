"""A record that is made while the company it is of has been taken away: it stands unlinked, and a person is asked.

It is there, with the numbers of a real invoice, and only a person can say which company it is to hang on now, or none:
the contract owns fields and not associations, so that what a person says by hand stands.
"""

from tests.simulation.planned import theatre
from tests.simulation.test_gone import settled

NUMBER = "INV-LATE"


def test_an_invoice_of_a_company_that_was_just_deleted_is_made_once_and_a_person_links_it():
    with theatre() as stage:
        stage.run(stage.world.sync())
        before = settled(stage)
        company, contact = stage.cast.companies["Harakeke"], stage.cast.contacts["Harakeke"]
        stage.sales.delete("companies", company)  # its webhook is behind what is billed now
        stage.finance.put("Invoices", {
            "Type": "ACCREC", "Contact": {"ContactID": contact}, "Status": "AUTHORISED", "InvoiceNumber": NUMBER,
            "Date": "2026-09-01", "DueDate": "2026-09-20",
            "LineItems": [{"Description": "Line", "Quantity": "1", "UnitAmount": "10.00", "AccountCode": "200"}],
        })  # fmt: skip
        stage.pass_by(10)
        stage.run(stage.world.sync())
        met = {name: entry for name, entry in settled(stage).items() if name not in before}
        (asked,) = [entry for entry in met.values() if entry.state == "refused"]
        (mirror,) = stage.sales.find("invoices", "revmark_invoice_number", NUMBER)
        assert (asked.command.kind, asked.code) == ("create", "link_company")
        assert asked.outcome is not None
        assert asked.outcome.ref == f"hubspot/invoice/{mirror['id']}", "what a person is shown names the record"
        rows = [row["crm"] for row in stage.world.recorded().accounts.values() if isinstance(row.get("crm"), dict)]
        assert [row["deleted"] for row in rows if row["ref"] == f"hubspot/company/{company}"] == [True]

        stage.sales.restore("companies", company)
        stage.sales.associate("invoices", mirror["id"], "companies", company)
        stage.pass_by(10)
        stage.run(stage.world.sync())
        assert [each["id"] for each in stage.sales.find("invoices", "revmark_invoice_number", NUMBER)] == [mirror["id"]]
        ends = [(row["from"][1], row["to"][1]) for row in stage.sales.state()["associations"]]
        assert (int(mirror["id"]), int(company)) in ends, "what a person linked stays linked"
        later = [entry for name, entry in settled(stage).items() if name not in before and name not in met]
        assert not [entry for entry in later if entry.state == "refused"]
