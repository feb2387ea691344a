"""HubSpot: the CRM side.

In: canonical commands, record ids, cursors. Out: records as HubSpot showed them, what became of each command, and
sightings in canonical words. `shapes` is the one table that translation and payloads both read, so that each is the
other's inverse. BEHAVIOR.md lists the platform's traps and where each is met.
"""
