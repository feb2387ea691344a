"""Write docs/scenarios.md; or, with names of scenarios, rehearse those: `python -m tests.scenarios NAME...`."""

import sys

from tests.scenarios.listing import PAGE, listing
from tests.scenarios.playbill import all_scenarios
from tests.scenarios.rehearsal import rehearsed

named, known = sys.argv[1:], {each.name: each for each in all_scenarios()}
if unknown := set(named) - set(known):
    sys.exit(f"no scenario is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
for name, each in known.items():
    if name in named:
        missed, broken = rehearsed(each)
        sys.stdout.write(f"{name}: {missed or broken or 'all was seen'}\n")
if not named:
    PAGE.write_text(listing(all_scenarios()), encoding="utf-8")
