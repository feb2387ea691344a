"""The daybook: one revenue day's documents, read from both platforms for those who count them.

In: both accounts, a day. Out: documents of both sides, in parts in which those that belong together are together.
Invariants: nothing is written to a platform or a topic; the memory does not grow with the day; calls leave to live work
what a backfill leaves to it.
"""
