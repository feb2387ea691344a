"""Where HubSpot's APIs are mounted: the numbered paths and the date-based ones, for the same handlers.

Source: HubSpot's versioning page; the path lists of both families.
"""

DATED = ("2026-03", "2026-09")  # one each March and September; supported for eighteen months

OBJECTS = ("/crm/v3/objects", *(f"/crm/objects/{version}" for version in DATED))
PROPERTIES = ("/crm/v3/properties", *(f"/crm/properties/{version}" for version in DATED))
PIPELINES = ("/crm/v3/pipelines", *(f"/crm/pipelines/{version}" for version in DATED))
OWNERS = ("/crm/v3/owners", *(f"/crm/owners/{version}" for version in DATED))
SCHEMAS = ("/crm-object-schemas/v3/schemas", *(f"/crm-object-schemas/{v}/schemas" for v in DATED))
ASSOCIATIONS = ("/crm/v4/associations", *(f"/crm/associations/{version}" for version in DATED))
RECORD_ASSOCIATIONS = ("/crm/v4/objects", *(f"/crm/objects/{version}" for version in DATED))
LISTED_ASSOCIATIONS = ("/crm/v4/objects", "/crm/objects/2026-03")  # the GET is gone from 2026-09
TOKENS = ("/oauth/v1/token", "/oauth/v3/token", *(f"/oauth/{version}/token" for version in DATED))
EVENTS = ("/events/v3", *(f"/events/{version}" for version in DATED))
ACCOUNT = ("/account-info/v3", *(f"/account-info/{version}" for version in DATED))


def dated(path: str) -> bool:
    """Tell whether a path is of the date-based family."""
    return any(f"/{version}" in path for version in DATED)
