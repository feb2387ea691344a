"""A pretend Xero: the Accounting API 2.0, its token endpoint, its limits and its webhooks.

What flows in: HTTP requests, from a client or (under ``/_sandbox/people``) from a person at the screen.
What flows out: replies in Xero's wire format, and signed webhooks.
It is written from the vendor's OpenAPI file and from recorded behaviour, never from our own client, so
that the two cannot share one misunderstanding. Tags in docstrings say how well a fact is known:

* ``REC``: seen in a recorded reply of the real service;
* ``SPEC``: stated by Xero's OpenAPI file or its documentation;
* ``K``: general knowledge, unverified; where it matters it is a switch.
"""
