"""What HubSpot does not document and the sandbox must choose: switches, each with why it stands as it does."""

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Quirks:
    """Undocumented behaviour; the defaults are the harsher reading where two are possible."""

    cleared_reads_as: str | None = ""  # never set reads as null; a client must not tell the two apart
    noop_bumps_modified: bool = False  # whether writing the value that is there moves the modified date
    noop_fires_webhook: bool = False  # whether it fires propertyChange
    history_depth: int = 20  # versions kept per property
    contact_history_depth: int = 45  # the same for contacts
    list_limit_with_history: int = 50  # the specification says "reduced" and gives no figure
    own_source_type: str = "INTEGRATION"  # what history calls writes of our own app (some say API)
    shuffled_batches: bool = True  # no page promises that results come in the order of the inputs
    merged_ids_in_batch: bool = False  # whether batch read and update know the ids of merged-away records
    gdpr_blocks_email: bool = True  # whether an erased address is refused when it comes back
    colliding_event_ids: bool = True  # eventId is "not guaranteed unique": one in fifty repeats the one before
    datetimes_in_webhooks_as_ms: bool = True  # propertyValue shows dates raw, as epoch milliseconds
    journal_repeats_every: int = 20  # one event of the webhooks journal in so many comes again; no page excludes it
    ids_start_alike: bool = True  # hs_object_id is unique only within a type: let all types count alike
    delete_requires_unpaid_invoice: bool = True  # only draft and open invoices can be deleted
    own_ids: Literal["none", "pipeline", "stage"] = "none"  # what gets another id than was chosen; the guide: nothing
    repeated_event: Literal["dropped", "refused", "counted"] = "dropped"  # a uuid that comes again within a year
    old_signature: str = "v1"  # which of the old signatures goes with version 3; v2 is for workflows
