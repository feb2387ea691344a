"""Pretend platforms: ASGI emulators of HubSpot and Xero, written from the vendors' own words.

In: HTTP calls as the vendors' clients make them, and the acts of pretend people and vandals under
``/_sandbox/``.
Out: the vendors' answers, their webhooks, and logs of every call and every accepted write for independent
recounts.
May import: the standard library and third-party packages; nothing of the other rooms, so that a
misunderstanding in our clients cannot be shared by the thing that is meant to catch it.
"""
