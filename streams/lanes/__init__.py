"""Lanes: the ordered work of one connection, and the only place that talks to that platform for that tenant.

In: commands, reads, polls and resumes of one connection, in order. Out: changes, outcomes, the ledger. Invariant: no
platform is called for a command before its claim is durable, and no cursor moves before what it covers is.
"""
