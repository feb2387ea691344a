"""One web page that shows the flow live.

In: the projection, which a background task keeps filled. Out: static files, JSON under `/api/`, server-sent events.
Invariants: it only reads; it loads nothing from elsewhere; every text from a platform is set as text, never as markup.
"""
