"""A pretend HubSpot.

In: API calls under the numbered and the date-based paths, the acts of pretend people. Out: HubSpot's
answers and webhooks. Behaviour HubSpot does not document, and that was taken from experience, is a switch
in `quirks.Quirks`.
"""
