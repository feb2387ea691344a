"""The web pages: the flow live, what waits for a person, the books, quarantine, and what people said.

In: the projection, which a background task keeps filled; people's words. Out: static files, JSON under `/api/`,
server-sent events, and words on topics. Invariants: what changes something goes through `acts` alone; nothing is loaded
from elsewhere; every text from a platform is set as text, never as markup.
"""
