import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from typer.testing import Result

from console.commands.events import line
from console.page.overview import overview
from console.projection.delivery import SHELVES
from console.projection.store import Store
from streams.settings import Settings
from tests.unit.console.records import INERT, at, delivery, event, variance, verdict

Run = Callable[..., Result]


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_help_lists_the_commands_and_the_exit_codes(run: Run):
    result = run("--help")
    assert result.exit_code == 0
    for word in (
        "status",
        "explain",
        "ledger",
        "decisions",
        "totals",
        "variances",
        "events",
        "quarantine",
        "Exit codes",
    ):
        assert word in result.stdout


@pytest.mark.parametrize("name", ["status", "explain", "ledger", "decisions", "totals", "variances", "events"])
def test_each_command_helps_with_examples(run: Run, name: str):
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"revmark {name} " in result.stdout
    assert "JSON" in result.stdout


def test_version(run: Run):
    assert run("--version").stdout.startswith("revmark ")


@pytest.mark.usefixtures("filled")
def test_status_exits_1_when_something_needs_a_person(run: Run):
    result = run("status", "--offline")
    assert result.exit_code == 1
    assert "as of 2026-11-20 09:00:30 UTC" in result.stderr
    assert "revmark variances --state open" in result.stdout


@pytest.mark.usefixtures("filled")
def test_status_as_one_document(run: Run):
    result = run("status", "--offline", "--json")
    (document,) = lines(result)
    assert result.exit_code == 1
    assert document["quarantined"] == 1
    assert document["offline"] is True


def test_status_exits_0_when_nothing_does(run: Run, store: Store):
    store.caught_up(SHELVES)
    result = run("status", "--offline")
    assert result.exit_code == 0
    assert "Nothing needs a person." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["ledger"], 2),
        (["ledger", "--state", "refused"], 1),
        (["decisions", "--customer", "acme"], 3),
        (["decisions", "--type", "company", "--limit", "1"], 1),
        (["totals", "--currency", "EUR", "--day", "2026-11-20"], 2),
        (["variances", "--state", "open"], 1),
        (["events", "--type", "payment_received"], 1),
        (["quarantine", "list"], 2),
        (["quarantine", "list", "--type", "elsewhere"], 0),
        (["quarantine", "list", "--state", "dropped"], 0),
        (["ledger", "--type", "invoice", "--customer", "acme"], 2),
        (["variances", "--type", "amount"], 2),
    ],
)
@pytest.mark.usefixtures("filled")
def test_lists_as_json_lines(run: Run, arguments: list[str], count: int):
    result = run(*arguments, "--json", "--offline")
    assert result.exit_code == 0
    assert len(lines(result)) == count


def test_a_variance_of_balance_shows_what_is_due(store: Store, run: Run):
    dues = {"crm_due": Decimal("80.00"), "erp_due": Decimal("70.00"), "difference": Decimal("10.00")}
    alike = {"crm_total": Decimal("100.00"), "erp_total": Decimal("100.00")}
    store.apply([delivery("variances", 0, variance(1, kind="balance", **alike, **dues), "v1")])
    head, row = run("variances", "--offline").stdout.splitlines()
    assert head.split()[4:8] == ["figure", "crm", "erp", "difference"]
    assert row.split()[4:8] == ["due", "80.00", "70.00", "10.00"]


@pytest.mark.usefixtures("filled")
def test_json_amounts_are_decimal_strings(run: Run):
    (event_,) = lines(run("events", "--type", "payment_received", "--json", "--offline"))
    assert event_["money"] == {"amount": "49.90", "currency": "EUR"}


def test_whose_books_an_event_stands_in_is_shown_where_there_are_several(store: Store, run: Run):
    store.apply([delivery("revenue", 0, event(1))])
    assert "subsidiary" not in run("events", "--offline").stdout
    store.apply([delivery("revenue", 1, event(2, subsidiary="NZ"))])
    head, *told = run("events", "--offline").stdout.splitlines()
    assert head.split()[-1] == "subsidiary"
    assert [row.split()[-1] for row in told] == ["NZ", "-"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"type": "payment_reversed", "told_as": "refund_made"}, "refund reversed"),
        ({"type": "payment_reversed", "told_as": "overpayment_received"}, "overpayment reversed"),
        ({"type": "payment_restated", "told_as": "prepayment_received"}, "prepayment restated"),
        ({"type": "payment_reversed"}, "payment reversed"),  # of an older release
        ({"type": "credit_memo_voided"}, "credit memo voided"),
    ],
)
def test_what_is_taken_back_is_called_by_what_it_was(store: Store, run: Run, told: dict[str, str], said: str):
    happened = event(1, **told)
    store.apply([delivery("revenue", 0, happened)])
    assert f"  {said}  Acme Ltd  " in run("events", "--offline").stdout
    assert f"  {said}  " in line(happened)
    assert overview(store, at(30), Settings(_env_file=None))["events"][0]["called"] == said


@pytest.mark.usefixtures("filled")
def test_text_away_from_a_terminal_is_plain_and_aligned(run: Run):
    result = run("totals", "--offline")
    head, row = result.stdout.splitlines()
    assert head.split()[:3] == ["day", "currency", "subsidiary"]
    assert row.split()[:8] == ["2026-11-20", "EUR", "-", "1", "100.00", "1", "110.00", "110.00"]
    assert "\x1b" not in result.stdout


def test_a_name_cannot_steer_the_terminal(store: Store, run: Run):
    store.apply([delivery("decisions", 0, verdict(1, label="[red]Evil\x1b[2J\u202egnp.\nInc", reason=INERT))])
    result = run("decisions", "--offline")
    assert "[red]Evil[2Jgnp. Inc" in result.stdout
    assert INERT in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.usefixtures("filled")
def test_ledger_says_what_a_command_was_about(run: Run):
    result = run("ledger", "--offline")
    assert "create invoice" in result.stdout
    assert "INV-0002" in result.stdout


@pytest.mark.usefixtures("filled")
def test_quarantine_shows_one_record_whole(run: Run):
    result = run("quarantine", "show", "revmark.changes-0-17", "--offline")
    assert result.exit_code == 0
    assert '{"broken": true}' in result.stdout
    assert "tenant: Field required" in result.stdout


@pytest.mark.usefixtures("filled")
def test_a_name_that_is_not_there_is_wrong_use(run: Run):
    result = run("quarantine", "show", "nothing", "--offline")
    assert result.exit_code == 2
    assert "revmark quarantine list" in result.stderr


@pytest.mark.usefixtures("filled")
def test_an_unreachable_broker_exits_3_and_says_what_is_left(run: Run):
    result = run("decisions")
    assert result.exit_code == 3
    assert "no Kafka answers at 127.0.0.1:1" in result.stderr
    assert "until 2026-11-20 09:00:30 UTC" in result.stderr
    assert "--offline" in result.stderr
    assert "Traceback" not in result.stderr


def test_verbose_shows_the_trace(run: Run):
    result = run("--verbose", "decisions")
    assert result.exit_code == 3
    assert "Traceback" in result.stderr


def test_offline_before_the_first_reading_exits_3(run: Run):
    result = run("ledger", "--offline")
    assert result.exit_code == 3
    assert "without --offline" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["ledger", "--state", "nonsense", "--offline"],
        ["variances", "--day", "tomorrow", "--offline"],
        ["events", "--follow", "--offline"],
        ["events", "--limit", "0"],
        ["nonsense"],
    ],
)
@pytest.mark.usefixtures("filled")
def test_wrong_use_exits_2(run: Run, arguments: list[str]):
    assert run(*arguments).exit_code == 2


def test_an_unknown_setting_exits_2_with_a_suggestion(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REVMARK_BROKR", "x")
    result = run("status")
    assert result.exit_code == 2
    assert "did you mean REVMARK_BROKER?" in result.stderr


def test_a_long_list_is_cut_to_the_limit(store: Store, run: Run):
    store.apply([delivery("revenue", n, event(n)) for n in range(100)])
    assert len(lines(run("events", "--json", "--offline"))) == 30
    assert len(lines(run("events", "--json", "--offline", "-n", "99"))) == 99


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (("link", "hubspot/company/1", "xero/contact/2", "--yes", "--why", "one firm"), "Nothing was sent"),
        (("links", "duplicates"), "Nothing was read"),
        (("status",), "Nothing has been read yet"),
    ],
)
def test_without_a_broker_a_command_says_what_is_left_and_what_to_run(run: Run, words: tuple[str, ...], left: str):
    result = run(*words)
    assert result.exit_code == 3
    assert f"no Kafka answers at 127.0.0.1:1. {left}. Next: start the broker (`revmark broker`)" in result.stderr


def test_offline_before_all_was_read_does_not_say_that_nothing_needs_a_person(run: Run):
    assert run("status").exit_code == 3
    result = run("status", "--offline")
    assert result.exit_code == 3
    assert "Nothing needs a person" not in result.stdout
    assert "not all topics have been read" in result.stdout
