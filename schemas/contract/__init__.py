"""The Revenue Data Contract: who owns what, when, and what may never happen.

`load_contract` reads one YAML file into a `Contract`; `lint` finds what loads but cannot be meant; `template` is
one of the three commented contracts that `revmark init` writes.
"""

from schemas.contract.lint import Finding, lint
from schemas.contract.loader import load_contract, parse_contract, template
from schemas.contract.model import Contract, FieldRule, Guards, InvoiceDefaults, Pattern

__all__ = [
    "Contract",
    "FieldRule",
    "Finding",
    "Guards",
    "InvoiceDefaults",
    "Pattern",
    "lint",
    "load_contract",
    "parse_contract",
    "template",
]
