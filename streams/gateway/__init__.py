"""The gateway: where platforms call us. Its own process.

In: signed webhooks. Out: hints on the lane topics, one read per kind. A webhook is never trusted for a value: it only
says what to read again.
"""
