"""What contracts say of orders and their bills, by the way in which the people of a story trade.

Flows in: a story's word. Flows out: its contract.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.contract import Contract
from tests.support.contracts import contract, shipped


def timed(**timing: Any) -> Contract:
    """The shipped contract with another timing; it posts what it bills."""
    return contract({"timing": timing})


CONTRACTS: dict[str, Callable[[], Contract]] = {
    "": shipped,
    "deposit": lambda: timed(invoice_when="shipped", deposit={"percent": "30"}),
    "parts": lambda: timed(invoice_when="shipped", partial="each"),
}
