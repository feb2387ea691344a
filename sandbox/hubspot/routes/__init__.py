"""The HTTP face of the pretend HubSpot: one module per API."""
