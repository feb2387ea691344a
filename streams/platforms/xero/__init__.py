"""Xero: the ERP side.

In: canonical commands, record ids, cursors (through `client.XeroClient`) and changes (through `translation.sightings`).
Out: records as Xero showed them, what became of each command, and sightings in canonical words.
Invariants: no amount is ever a float; a write whose answer was lost is never sent twice without a look-up; a refresh
token is stored before the access token that came with it is used. `BEHAVIOR.md` lists the platform's traps.
"""
