"""Write docs/scenarios.md."""

from tests.scenarios.listing import PAGE, listing
from tests.scenarios.playbill import all_scenarios

PAGE.write_text(listing(all_scenarios()), encoding="utf-8")
