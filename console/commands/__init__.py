"""The commands, one file each, in the order in which the help lists them."""

from __future__ import annotations

import typer

from console.commands import (
    apply,
    attribution,
    audit,
    backfill,
    brake,
    broker,
    check,
    connect,
    contract,
    contract_diff,
    decisions,
    demo,
    events,
    explain,
    facts,
    gateway,
    init,
    ledger,
    links,
    page,
    plan,
    provision,
    quarantine,
    quarantine_edit,
    quarantine_show,
    reconcile,
    repair,
    replay,
    review,
    sandbox,
    status,
    sweep,
    totals,
    variances,
    verify,
    worker,
)

_BEGIN = "Begin"
_RUN = "Run"
_LOOK = "See what is going on"
_DECIDE = "Decide"


def register(app: typer.Typer) -> None:
    """Add every command to the application."""
    for panel, modules in (
        (_BEGIN, (demo, init, connect, provision, check, plan, apply, verify)),
        (_RUN, (worker, gateway, page, broker)),
        (_LOOK, (status, explain, events, decisions, ledger, totals, variances, reconcile, attribution, audit)),
        (_DECIDE, (repair, sweep, replay)),
    ):
        for module in modules:
            name = module.__name__.rpartition(".")[2]
            app.command(name, rich_help_panel=panel, epilog=module.EXAMPLES)(module.command)
    app.add_typer(links.app, name="links", rich_help_panel=_DECIDE)
    app.command("link", rich_help_panel=_DECIDE, epilog=links.LINK_EXAMPLES)(links.link)
    contract.app.command("diff", epilog=contract_diff.EXAMPLES)(contract_diff.command)
    app.add_typer(contract.app, name="contract", rich_help_panel=_BEGIN)
    app.add_typer(backfill.app, name="backfill", rich_help_panel=_DECIDE)
    app.add_typer(sandbox.app, name="sandbox", rich_help_panel=_RUN)
    app.add_typer(brake.app, name="brake", rich_help_panel=_DECIDE)
    app.add_typer(review.app, name="review", rich_help_panel=_DECIDE)
    quarantine.app.command("show", epilog=quarantine_show.EXAMPLES)(quarantine_show.command)
    quarantine.app.command("edit", epilog=quarantine_edit.EXAMPLES)(quarantine_edit.command)
    app.add_typer(facts.app, name="facts", rich_help_panel=_LOOK)
    app.add_typer(quarantine.app, name="quarantine", rich_help_panel=_LOOK)
