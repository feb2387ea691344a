"""A pretend Xero: the Accounting API 2.0, its token endpoint, its limits and its webhooks.

What flows in: HTTP requests, from a client or (under ``/_sandbox/people``) from a person at the screen.
What flows out: replies in Xero's wire format, and signed webhooks.
It is written from the vendor's OpenAPI file and from recorded behaviour, never from our own client, so
that the two cannot share one misunderstanding. Tags in docstrings say how well a fact is known:

* ``REC``: seen in a recorded reply of the real service;
* ``SPEC``: stated by Xero's OpenAPI file or its documentation;
* ``XD``: on Xero's developer pages, seen in part;
* ``K``: general knowledge, unverified; where it matters it is a switch of the organisation.

Beside the shared controls, ``/_sandbox/`` has ``people/api.xro/2.0/...`` (the API as a person's screen uses
it: no token, no quota, webhooks fire), ``people/merge`` (``loser``, ``winner``), ``tamper/{Resource}/{id}``
(fields changed in silence), ``grant`` and ``expire`` (tokens), and ``settings`` (lock dates, limits,
switches).
"""
