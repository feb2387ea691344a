"""A record that was taken away for good, of which nobody was told: the write that meets its end makes it known."""

from sandbox.hubspot.records import Record
from schemas.ledger import LedgerEntry
from tests.simulation.planned import Theatre, theatre
from tests.simulation.test_replay import values


def purge(stage: Theatre, company: str) -> None:
    """HubSpot forgets a company: no event, nothing in its recycle bin."""
    portal = stage.world.platforms.portal
    record: Record | None = portal.store.get(portal.catalogue.get("companies"), int(company))
    assert record is not None
    portal.store.remove(record)


def settled(stage: Theatre) -> dict[str, LedgerEntry]:
    entries = [LedgerEntry.from_bytes(value) for value in values(stage, "ledger") if value]
    return {entry.command.id: entry for entry in entries}


def hold(stage: Theatre, terms: int) -> None:
    """Finance edits a field of its own, which the CRM is to show."""
    wanted = {"Sales": {"Day": terms, "Type": "DAYSAFTERBILLDATE"}}
    stage.finance.post("Contacts", {"ContactID": stage.cast.contacts["Harakeke"], "PaymentTerms": wanted})
    stage.pass_by(10)


def test_a_record_of_whose_end_nobody_told_is_known_to_be_gone_once_a_write_has_met_it():
    with theatre() as stage:
        stage.run(stage.world.sync())
        before = settled(stage)
        reference = f"hubspot/company/{stage.cast.companies['Harakeke']}"
        purge(stage, stage.cast.companies["Harakeke"])
        hold(stage, 45)
        stage.run(stage.world.sync())
        met = [entry for name, entry in settled(stage).items() if name not in before]
        of_it = [entry for entry in met if entry.command.ref == reference]
        assert [entry.state for entry in of_it] == ["superseded"], "asked for once, and of nobody"
        assert not [entry for entry in met if entry.state == "refused"]
        rows = [row["crm"] for row in stage.world.recorded().accounts.values() if isinstance(row.get("crm"), dict)]
        assert [row["deleted"] for row in rows if row["ref"] == reference] == [True]
        hold(stage, 50)
        stage.run(stage.world.sync())
        assert len(settled(stage)) == len(before) + len(met), "nothing more is asked for"
