"""`revmark init`: writes the contract, its JSON Schema for editors, and the settings file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.envfile import commented, write_private
from console.options import examples
from console.output import say
from schemas.contract import Pattern, template
from schemas.errors import SettingsError
from schemas.published import contract_schema

EXAMPLES = examples(
    "revmark init", "revmark init --pattern crm_led", "revmark init --folder /etc/revmark", "revmark init --force"
)


def command(
    folder: Annotated[Path, typer.Option(help="where the files go")] = Path(),
    *,
    pattern: Annotated[Pattern, typer.Option(help="which side leads; arbitrated: both may begin")] = "arbitrated",
    force: Annotated[bool, typer.Option("--force", help="write over files that are there")] = False,
) -> None:
    """Write contract.yaml and revmark.env, both with comments, and contract.schema.json for your editor."""
    contract, settings = folder / "contract.yaml", folder / "revmark.env"
    there = [path for path in (contract, settings) if path.exists()]
    if there and not force:
        names = " and ".join(str(path) for path in there)
        raise SettingsError(
            f"{names} exist{'s' if len(there) == 1 else ''} already. Nothing was written. Next: edit what is there, or "
            "`revmark init --force` to begin again (a new REVMARK_SECRET_KEY cannot open what the old one sealed)"
        )
    folder.mkdir(parents=True, exist_ok=True)
    contract.write_text(template(pattern), encoding="utf-8")
    (folder / "contract.schema.json").write_text(contract_schema(), encoding="utf-8")  # made, not edited: always anew
    write_private(settings, commented())
    say(f"{contract}  who owns what, when, and what may never happen: read it with finance and sales")
    say(f"{settings}   addresses and credentials: fill in the empty ones; only you can read it")
    say("")
    say("Next: revmark contract lint, revmark contract test, revmark check, revmark worker")
