"""Who may see and do what on the page.

In: requests, settings, the tokens of an OpenID Connect provider. Out: a person with a role, or a refusal.
Invariants: nobody is a person without a session that opens; what changes something comes from the page itself, from a
person who may act; a page that other machines reach does not start without a provider.
"""
