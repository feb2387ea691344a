"""The commands, one file each, in the order in which the help lists them."""

from __future__ import annotations

import typer

from console.commands import decisions, events, ledger, page, quarantine, status, totals, variances

_LOOK = "What is going on"


def register(app: typer.Typer) -> None:
    """Add every command to the application."""
    for module in (status, events, decisions, ledger, totals, variances, page):
        app.command(module.__name__.rpartition(".")[2], rich_help_panel=_LOOK, epilog=module.EXAMPLES)(module.command)
    app.add_typer(quarantine.app, name="quarantine", rich_help_panel=_LOOK)
