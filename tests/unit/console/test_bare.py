"""Commands in an empty folder, or with a contract alone: what is wrong, what is left, what to run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import Result

from console.commands.gateway import lacking
from streams.settings import Settings

Run = Callable[..., Result]


@pytest.mark.parametrize("command", ["worker", "provision", "plan", "reconcile", "verify"])
def test_without_a_contract_a_command_says_what_is_left_and_what_to_run(run: Run, command: str):
    result = run(command)
    assert result.exit_code == 2
    assert "no contract at contract.yaml (No such file or directory). Nothing was sent or written. Next: " in (
        result.stderr
    )
    assert "`revmark init` writes one" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify",), "no Kafka answers at 127.0.0.1:1. Nothing was made. Next: start the broker (`revmark broker`)"),
        (("verify", "--clean", "3f9a2c71"), "127.0.0.1:1. Nothing was taken away. Next: start the broker"),
        (("provision",), "HubSpot has no credentials. Nothing was sent. Next: set REVMARK_HUBSPOT_TOKEN, or run "),
        (("reconcile", "--no-stream"), "HubSpot has no credentials. Nothing was sent. Next: "),
    ],
)
def test_with_nothing_but_a_contract_a_command_says_what_is_left_and_what_to_run(
    run: Run, words: tuple[str, ...], said: str
):
    assert run("init").exit_code == 0
    result = run(*words)
    assert result.exit_code in {2, 3}
    assert said in result.stderr


def test_a_gateway_says_which_webhooks_come_to_nothing(tmp_path: Path):
    said = list(lacking(Settings(contract=tmp_path / "none.yaml", _env_file=None)))
    assert [each.partition(" ")[0] for each in said] == ["every", "every", "webhooks"]
    assert all("Next: " in each and each.endswith("then start the gateway again") for each in said)
    assert "REVMARK_HUBSPOT_CLIENT_SECRET is not set" in said[0]
    assert "REVMARK_XERO_WEBHOOK_KEY is not set" in said[1]
    secret, there = SecretStr("s"), tmp_path / "contract.yaml"
    there.touch()
    given = Settings(contract=there, hubspot_client_secret=secret, xero_webhook_key=secret, _env_file=None)
    assert list(lacking(given)) == []
