"""The documents: commands exist and run, links lead somewhere, tables say what the code says."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
import yaml
from typer.testing import CliRunner

from console.main import app
from schemas.contract import Pattern, parse_contract, template
from schemas.contract.model import Contract
from schemas.revenue import RevenueEvent
from streams.settings import OUTSIDE, PREFIX, Settings
from streams.topics import FOREVER, Topic, Topics

ROOT = Path(__file__).parents[2]
OURS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [*OURS, *(page for room in ("sandbox", "streams", "bench") for page in sorted((ROOT / room).rglob("*.md")))]
CLI = typer.main.get_command(app)
KNOWN = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | OUTSIDE

# What a page may show in a console block and a unit test cannot run: it stays up, or needs a broker or accounts.
NEEDS_MORE = (
    r"make [\w-]+( ARGS=\S.*)?", r"export \w+=\S+", r"source \S+", r"curl .*",
    r"docker compose (--profile \w+ )*up\b.*",
    r"faust -A streams\.app .*",
    r"revmark (worker|gateway|page|broker|check|sweep|link|links|status|events|decisions|ledger|totals|variances)\b.*",
    r"revmark (sandbox|quarantine|explain|review|brake) .*", r"revmark (audit|backfill|replay)\b.*",
    r"revmark (plan|apply|provision|verify|attribution|facts|connect|contract diff|reconcile|repair)\b.*",
)  # fmt: skip
SAFE = r"revmark (init|contract (lint|test|show)|--version|(.* )?--help)( .*)?"


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^( *)```.*?^\1```", "", text, flags=re.DOTALL | re.MULTILINE)


def blocks(text: str, language: str) -> Iterator[str]:
    for indent, body in re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, flags=re.DOTALL | re.MULTILINE):
        yield "\n".join(line.removeprefix(indent) for line in body.splitlines())


def commands(page: Path) -> list[str]:
    """What is typed in a page's console blocks."""
    lines = [line for block in blocks(read(page), "console") for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def called(words: list[str]) -> tuple[Any, list[str]]:
    """The command of ours that a line calls, and the words after its name.

    typer carries a click of its own, so groups are told by what they hold.
    """
    command: Any = CLI
    rest = list(words)
    while rest and not rest[0].startswith("-") and hasattr(command, "commands"):
        assert rest[0] in command.commands, f"there is no command {rest[0]} in: revmark {' '.join(words)}"
        command = command.commands[rest.pop(0)]
    return command, rest


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_line_of_a_console_block_is_run_or_known(page: Path):
    for line in commands(page):
        assert re.fullmatch("|".join((SAFE, *NEEDS_MORE)), line), f"neither run nor known: {line}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_line_parses(page: Path):
    for line in commands(page):
        words = shlex.split(line)
        if words[0] == "revmark":
            command, rest = called(words[1:])
            if "--help" not in rest and "--version" not in rest:
                assert not hasattr(command, "commands") or command.invoke_without_command, line
                command.make_context(command.name, rest)  # raises for an option or argument that is not there
        elif words[0] == "make":
            assert re.search(rf"^{words[1]}:", read(ROOT / "Makefile"), re.MULTILINE), line


@pytest.mark.parametrize("page", OURS, ids=name)
def test_safe_commands_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    found = [line for line in commands(page) if re.fullmatch(SAFE, line)]
    for key in [key for key in os.environ if key.startswith(PREFIX)]:
        monkeypatch.delenv(key)
    monkeypatch.chdir(tmp_path)
    if found and "revmark init" not in found:
        (tmp_path / "contract.yaml").write_text(template(), encoding="utf-8")
    for line in dict.fromkeys(found):  # a page may show `revmark init` twice, and it never writes over files
        said = CliRunner().invoke(app, shlex.split(line)[1:])
        assert said.exit_code == 0, f"{line}\n{said.output}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_named_exists(page: Path):
    text = read(page)
    for words in re.findall(r"`revmark ([a-z][^`<>\n]*)`", text):
        command, rest = called(shlex.split(words))
        options = {name for option in command.params for name in option.opts + option.secondary_opts}
        given = {word.partition("=")[0] for word in rest if word.startswith("-")}
        assert given <= options | {"--help"}, f"revmark {words}"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(read(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docker-compose.yml", ROOT / "deploy" / "Dockerfile"], ids=name)
def test_every_setting_named_exists(page: Path):
    assert set(re.findall(r"REVMARK_[A-Z][A-Z_]*[A-Z]", read(page))) <= KNOWN


def test_operations_explain_every_setting_with_its_default():
    rows = [line for line in read(ROOT / "docs" / "operations.md").splitlines() if line.startswith("| `REVMARK_")]
    explained = {}
    for row in rows:
        names, default = (cell.strip() for cell in row.split("|")[1:3])
        explained |= dict.fromkeys(re.findall(r"REVMARK_\w+", names), default)
    assert set(explained) == KNOWN - OUTSIDE
    for field, model in Settings.model_fields.items():
        said = re.findall(r"`([^`]+)`", explained[f"{PREFIX}{field.upper()}"])
        if said and isinstance(model.default, int | float):
            default = str(model.default).lower() if isinstance(model.default, bool) else f"{model.default:g}"
            assert default in said, field
        elif said and model.default and isinstance(model.default, str | Path) and "hubspot_url" not in field:
            assert str(model.default) in said, field


def topic_row(topic: Topic) -> tuple[str, ...]:
    """What the page must say of a topic."""
    days = f"{topic.retention.days} days" if topic.retention != FOREVER else "for ever"
    kept = "newest per key" if topic.cleanup == "compact" else days
    return topic.name, topic.key, topic.schema, topic.cleanup, kept, "yes" if topic.public else "no"


def test_the_page_of_topics_is_what_the_code_makes():
    rows = []
    for line in read(ROOT / "docs" / "topics.md").splitlines():
        cells = [cell.strip().replace("\\|", "|").strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 7 and cells[0] != "topic" and not cells[0].startswith("-"):
            rows.append(tuple(cells[:6]))
            assert cells[6], f"{cells[0]}: who writes it, who reads it?"
    assert rows == [topic_row(topic) for topic in Topics()]


def test_examples_of_the_contract_are_of_the_shipped_ones():
    shipped = [line.strip() for pattern in get_args(Pattern) for line in template(pattern).splitlines()]
    for block in blocks(read(ROOT / "docs" / "contract.md"), "yaml"):
        yaml.safe_load(block)
        for line in block.splitlines():
            assert not line.strip() or line.strip() in shipped, line


def test_every_key_of_the_contract_is_explained():
    page = read(ROOT / "docs" / "contract.md")
    for key, field in Contract.model_fields.items():
        assert re.search(rf"\b{key}\b", page), key
        for part in getattr(field.annotation, "model_fields", {}):
            assert re.search(rf"\b{part}\b", page), f"{key}.{part}"
    parse_contract(template())


def test_the_subscriber_that_is_shown_is_the_one_that_runs():
    (shown,) = blocks(read(ROOT / "README.md"), "python")
    compile(f"async def main():\n{shown}".replace("\n", "\n    "), "README.md", "exec")
    runs = read(ROOT / "console" / "demo" / "subscriber.py")
    for piece in (
        "AIOKafkaConsumer(",
        'auto_offset_reset="earliest"',
        "json.loads(record.value)",
        'event["id"] in seen',
    ):
        assert piece in shown
        assert piece in runs
    assert f"{Topics().prefix}{Topics().revenue.name}" in shown


def test_every_kind_of_revenue_event_is_named():
    kinds = RevenueEvent.model_json_schema()["properties"]["type"]["enum"]
    page = read(ROOT / "README.md")
    assert [kind for kind in kinds if f"`{kind}`" not in page] == []


def test_every_decision_on_the_design_is_listed_and_has_its_three_parts():
    folder = ROOT / "docs" / "adr"
    pages = sorted(page for page in folder.glob("*.md") if page.name != "README.md")
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", read(folder / "README.md"))
    assert listed == [page.name for page in pages]
    assert len({page.name[:4] for page in pages}) == len(pages), "each has a number of its own; one may be under way"
    for page in pages:
        number = int(page.name[:4])
        assert re.findall(r"^## (.+)$", read(page), re.MULTILINE) == ["Context", "Decision", "Consequence"]
        assert read(page).startswith(f"# {number}. ")


def test_make_without_a_target_lists_what_the_readme_names():
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make on this machine")
    said = subprocess.run([make, "-C", str(ROOT), "-s", "help"], capture_output=True, text=True, check=True)  # noqa: S603
    listed = {line.split()[0] for line in said.stdout.splitlines() if line}
    assert set(re.findall(r"(?:`|\$ )make (\w+)", read(ROOT / "README.md"))) <= listed


def test_the_reader_of_revenue_says_what_is_left_where_no_broker_answers(tmp_path: Path):
    script, state = ROOT / "docs/consumers/revenue.py", tmp_path / "revenue.sqlite"
    words = [sys.executable, str(script), "--broker", "127.0.0.1:1", "--state", str(state), "--until-end"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert (done.returncode, done.stdout) == (1, "")
    assert f"What was counted is kept in {state}. Next: start the broker, or name it with --broker" in done.stderr
    assert "Traceback" not in done.stderr
