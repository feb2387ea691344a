"""Verification: a marked test deal played through both accounts, checked on both sides, and taken away again.

In: settings, the contract, a run's id. Out: steps with their times, differences, and what each platform let go of.
Invariants: every record that is made carries the run's mark, and only what carries it is ever removed; what was made is
kept before anything else is; calls leave to live work what a backfill leaves to it; Xero's grant stays the workers'.
"""
