"""Which scopes open which resource: the broad ones of older apps and the granular ones of 2026 [SPEC, XD]."""

CONTACTS = ("accounting.contacts",)
SETTINGS = ("accounting.settings",)
INVOICES = ("accounting.transactions", "accounting.invoices")
PAYMENTS = ("accounting.transactions", "accounting.payments")
BANK = ("accounting.transactions", "accounting.banktransactions")
NEEDED = {
    "contacts": CONTACTS,
    "contactgroups": CONTACTS,
    "items": SETTINGS,
    "accounts": SETTINGS,
    "taxrates": SETTINGS,
    "currencies": SETTINGS,
    "organisation": SETTINGS,
    "organisations": SETTINGS,
    "trackingcategories": SETTINGS,
    "brandingthemes": SETTINGS,
    "invoices": INVOICES,
    "creditnotes": INVOICES,
    "quotes": INVOICES,
    "payments": PAYMENTS,
    "prepayments": PAYMENTS,
    "overpayments": PAYMENTS,
    "banktransactions": BANK,
}


def allowed(granted: frozenset[str], resource: str, method: str) -> bool:
    """Tell whether the token may do this; an unknown path is left to the 404."""
    needed = NEEDED.get(resource.lower())
    if needed is None:
        return True
    if any(scope in granted for scope in needed):
        return True
    return method == "GET" and any(f"{scope}.read" in granted for scope in needed)
