"""HubSpot: the CRM side."""
