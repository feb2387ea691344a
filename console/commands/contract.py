"""`revmark contract`: lint, test and show the Revenue Data Contract, and print its JSON Schema."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from agents.trial import Trial, no_longer_hold, trials
from console.exits import NEEDS_PERSON
from console.options import Document, examples
from console.output import Cell, Sheet, say, show, show_json, value_text
from console.session import session_of
from schemas.contract import Contract, FieldRule, Finding, lint, load_contract
from schemas.contract.lint import placed
from schemas.contract.loader import located
from schemas.contract.model import Holder
from schemas.published import contract_schema

app = typer.Typer(help="Look at the Revenue Data Contract.", no_args_is_help=True, rich_markup_mode="rich")
File = Annotated[Path | None, typer.Option("--file", help="the contract; REVMARK_CONTRACT if not given")]


def _path(context: typer.Context, file: Path | None) -> Path:
    return file or session_of(context).settings.contract


@app.command("lint", epilog=examples("revmark contract lint", "revmark contract lint --file new.yaml --json"))
def lint_(context: typer.Context, *, file: File = None, json: Document = False) -> None:
    """Look for gaps, contradictions and examples that no longer hold.

    Exits 1 when workers would not start with it, 2 when it does not load.
    """
    path = _path(context, file)
    contract, source = located(path)
    found = lint(contract)
    if not any(each.level == "error" for each in found):
        found += [Finding("warning", where, what) for where, what in no_longer_hold(trials(contract))]
    found = placed(found, source)
    if json:
        rows = [asdict(each) for each in found]
        show_json({"file": str(path), "digest": contract.digest, "findings": rows})
    elif not found:
        say(f"{path}: nothing to mend", "green")
    else:
        sheet = Sheet(("level", "where", "about", "what*"))
        for each in found:
            level = Cell(each.level, "red" if each.level == "error" else "yellow")
            sheet.add(level, each.place.removeprefix(f"{path.parent}/"), each.path, each.message)
        show(sheet)
    if any(each.level == "error" for each in found):
        raise typer.Exit(NEEDS_PERSON)


@app.command("test", epilog=examples("revmark contract test", "revmark contract test --file new.yaml --json"))
def play(context: typer.Context, *, file: File = None, json: Document = False) -> None:
    """Play the contract's examples through the rules. Exits 1 when one does not hold."""
    path = _path(context, file)
    contract = load_contract(path)
    played = trials(contract)
    failed = [each for each in played if not each.holds]
    if json:
        counts = {"examples": len(played), "failed": len(failed)}
        show_json({"file": str(path), "digest": contract.digest, **counts, "results": [_result(one) for one in played]})
    else:
        if failed:
            show(_differences(failed))
            say("")
        said = f"{path}: {len(played) - len(failed)} of {len(played)} examples hold"
        say(said, "red" if failed else "green")
    if failed:
        raise typer.Exit(NEEDS_PERSON)


def _result(trial: Trial) -> dict[str, object]:
    return {"example": trial.example.example, "holds": trial.holds, "misses": [asdict(miss) for miss in trial.misses]}


def _differences(failed: list[Trial]) -> Sheet:
    sheet = Sheet(("example*", "about", "expected", "came out", "why*"))
    for trial in failed:
        for miss in trial.misses:
            about = f"{trial.example.about.value} {miss.about}"
            why = f"{miss.by}: {miss.reason}" if miss.by else "no rule spoke"
            sheet.add(trial.example.example, about, miss.expected, Cell(miss.came, "red"), why)
    return sheet


@app.command("schema", epilog=examples("revmark contract schema > contract.schema.json"))
def schema_() -> None:
    """Print the contract's JSON Schema, for editors that complete and check while you type."""
    sys.stdout.write(contract_schema())


@app.command("show", epilog=examples("revmark contract show", "revmark contract show --json"))
def show_(context: typer.Context, *, file: File = None, json: Document = False) -> None:
    """Show who owns what, and what may never happen."""
    path = _path(context, file)
    contract = load_contract(path)
    if json:
        show_json({"file": str(path), "digest": contract.digest, **contract.model_dump(mode="json")})
        return
    say(f"{contract.name}  ({path}, {contract.pattern}, digest {contract.digest})", "bold")
    say(f"the CRM is {contract.platforms.crm}, the ERP is {contract.platforms.erp}")
    say(f"business days in {contract.timezone}, base currency {contract.base_currency}\n")
    sheet = Sheet(("entity", "master", "made in the CRM", "made in the ERP", "field", "who decides"))
    for entity, clause in contract.entities.items():
        for name, rule in clause.fields.items() or [("", None)]:
            made = (clause.create.crm, clause.create.erp.replace("_", " "))
            sheet.add(entity.value.replace("_", " "), clause.master.value, *made, name, _who(rule))
    show(sheet)
    say("")
    show(_settings(contract))


def _who(rule: FieldRule | None) -> str:
    if rule is None:
        return "-"
    return _decider(rule) + (", never lower without a refund" if rule.policy == "monotonic" else "")


def _decider(rule: FieldRule) -> str:
    if rule.policy == "newest":
        return f"the later change; a person within {rule.tolerance_seconds} s"
    if rule.policy == "merge":
        return "both: additions and removals are merged"
    if rule.policy == "review":
        return "a person, when both changed it"
    if isinstance(rule.owner, dict):
        return ", ".join(f"{state.replace('_', ' ')}: {_holder(owner)}" for state, owner in rule.owner.items())
    owner = rule.owner.value if rule.owner else "-"
    return f"{owner} until {str(rule.until).replace('_', ' ')}, then {rule.then.value}" if rule.then else owner


def _holder(owner: Holder) -> str:
    return "a person, when both changed it" if owner == "review" else owner


def _settings(contract: Contract) -> Sheet:
    sheet = Sheet(("clause", "setting", "value"))
    for clause in ("guards", "identity", "lifecycle", "timing", "tiers", "invoice_defaults"):
        for name, value in getattr(contract, clause).model_dump(mode="json", exclude={"own"}).items():
            sheet.add(clause.replace("_", " "), name.replace("_", " "), _setting(value))
    for own in contract.guards.own:
        sheet.add("guards", own.guard.replace("_", " "), f"{', '.join(own.protects)}: erp while {own.when}")
    for each in contract.automations:
        when = f"{each.when}{f', {each.days} days' if each.days else ''}"
        does = [f"{each.set.property} of the {each.set.of}"] if each.set else []
        when += ", with consent" if each.needs_consent else ""
        does += ["a task"] if each.task else []
        does += [f"the event {each.event.name} of the {each.event.of}"] if each.event else []
        sheet.add("automations", each.automation, f"{when}: {', '.join(does)}")
    if contract.consent is not None:
        sheet.add("consent", contract.consent.property, f"yes is {', '.join(contract.consent.granted)}")
    if contract.subsidiary is not None:
        sheet.add("subsidiary", contract.subsidiary.name, f"as {contract.subsidiary.crm} says in the CRM")
    sheet.add("credit hold group", "", contract.credit_hold_group)
    for entity, names in contract.required.items():
        sheet.add("required", entity.value.replace("_", " "), ", ".join(names))
    return sheet


def _setting(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):  # a table by SKU or by country: without its keys it says nothing
        return ", ".join(f"{key}: {each}" for key, each in value.items()) or "-"
    return value_text(value)
