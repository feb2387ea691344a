"""What operators do on the page lies on real topics as the command line would put it, and the page says what came."""

from __future__ import annotations

import asyncio
import base64
import getpass
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from console.access.trail import REFUSALS, Trail
from console.page.app import create_app
from schemas.brake import BrakeState, brake_key
from schemas.change import Link
from schemas.choice import Choice
from schemas.command import Release
from schemas.contract import template
from schemas.deed import Deed
from schemas.ledger import LedgerEntry
from schemas.names import Entity, Side
from schemas.quarantine import Edit, Settlement
from schemas.retry import Retry
from schemas.wire import Wire
from streams.settings import Settings
from tests.support.broker import read
from tests.support.work import START, create
from tests.unit.console.records import INERT, at, verdict

pytestmark = pytest.mark.broker
TOPICS = ("changes", "facts", "lanes.xero", "decisions", "quarantine", "ledger", "brakes", "audit")
WHO = getpass.getuser()
PATIENCE = 60.0  # seconds


class Deployment:
    """The page over some topics, and what a worker would do on them."""

    def __init__(self, broker: str, names: str, folder: Path) -> None:
        self.broker, self.prefix = broker, f"{names}."
        contract = folder / "contract.yaml"
        contract.write_text(template(), encoding="utf-8")
        self.settings = Settings(
            broker=broker, topic_prefix=self.prefix, state=folder, group=f"{names}.group", contract=contract,
            _env_file=None,  # type: ignore[call-arg]
        )  # fmt: skip
        self.http: httpx.AsyncClient

    async def put(self, topic: str, value: Wire | bytes, key: str = "k") -> int:
        async with AIOKafkaProducer(bootstrap_servers=self.broker) as producer:
            raw = value.to_bytes() if isinstance(value, Wire) else value
            return int((await producer.send_and_wait(f"{self.prefix}{topic}", raw, key=key.encode())).offset)

    async def hold(self, offset: int, value: bytes = b"not json") -> str:
        """A record of `changes` as the engine would quarantine it."""
        name = f"{self.prefix}changes"
        kept = {
            "topic": name, "partition": 0, "offset": offset, "reason": f"not a change: {INERT}", "complete": True,
            "key": base64.b64encode(b"main").decode(), "value": base64.b64encode(value).decode(), "headers": [],
        }  # fmt: skip
        await self.put("quarantine", json.dumps(kept).encode(), f"{name}|0|{offset}")
        return f"{name}-0-{offset}"

    async def work(self, topic: str, until: int, then: Callable[[bytes], Any] | None = None) -> bytes:
        """Take up what is on a topic, as a worker would: what came of the last is written before the commit."""
        place = TopicPartition(f"{self.prefix}{topic}", 0)
        async with AIOKafkaConsumer(
            bootstrap_servers=self.broker, group_id=f"{self.prefix}group", enable_auto_commit=False
        ) as worker:
            worker.assign([place])
            worker.seek(place, 0)
            found = [await worker.getone() for _ in range(until)]
            if then is not None:
                await then(found[-1].value)
            await worker.commit({place: until})
        return bytes(found[-1].value)

    async def act(self, name: str, /, **body: Any) -> tuple[int, dict[str, str]]:
        token = (await self.http.get("/api/me")).json()["token"]
        headers = {"origin": "http://localhost", "x-revmark-token": token}
        answer = await self.http.post(f"/api/act/{name}", json=body, headers=headers)
        return answer.status_code, answer.json()

    async def shows(self, path: str, wanted: Callable[[Any], bool]) -> Any:
        """Wait until the page has read something."""
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self.http.get(f"/api/{path}")
                if answer.status_code == 200 and wanted(answer.json()):
                    return answer.json()
                await asyncio.sleep(0.05)

    async def kept(self, topic: str) -> list[bytes]:
        return [each.value for each in await read(self.broker, f"{self.prefix}{topic}")]


@pytest.fixture
async def page(broker: str, names: str, tmp_path: Path) -> AsyncIterator[Deployment]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(f"{names}.{name}", 1, 1) for name in TOPICS])
    await admin.close()
    made = Deployment(broker, names, tmp_path)
    app = create_app(made.settings, wait=PATIENCE)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=PATIENCE) as made.http,
    ):
        yield made


async def test_a_review_is_answered_and_the_answer_kept_with_who_and_why(page: Deployment):
    asked = verdict(1, ruling="review", rule="newest", reason="both changed", chosen=None, label=INERT)
    await page.put("decisions", asked)
    (review,) = await page.shows("reviews", bool)

    async def judged(value: bytes) -> None:
        word = Choice.from_bytes(value)
        came = {"id": "v2", "ruling": "take_crm", "rule": "person", "answer": word.answer, "who": word.who}
        await page.put("decisions", asked.model_copy(update=came | {"why": word.why, "chosen": "60 DAYS"}))

    async with asyncio.TaskGroup() as group:
        said = group.create_task(page.act("answer", review=review["id"], side="crm", why=" she called "))
        lies = group.create_task(page.work("facts", 1, judged))
    assert said.result() == (
        200,
        {"state": "done", "said": f"payment_terms of {INERT}: 60 DAYS stands; nothing has to be written"},
    )
    word = Choice.from_bytes(lies.result())
    assert (word.side, word.review, word.who, word.why) == (Side.CRM, review["id"], WHO, "she called")
    (log,) = await page.shows("said?limit=5", lambda found: found and not found[0]["came"])
    assert (log["who"], log["why"], log["what"]) == (WHO, "she called", "answer")
    assert (log["about"], log["record"]) == (f"{INERT} payment terms", asked.record)
    status, over = await page.act("answer", review=review["id"], side="crm", why="again")
    assert (status, "is over" in over["said"]) == (409, True)
    deeds = [Deed.from_bytes(each) for each in await page.kept("audit")]
    assert [(each.outcome, each.about) for each in deeds] == [
        ("begun", review["id"]), ("done", review["id"]), ("begun", review["id"]), ("refused", review["id"]),
    ]  # fmt: skip
    assert deeds[0].at < word.at < deeds[1].ended_at  # it was kept before it was done


async def test_a_word_that_goes_into_quarantine_is_said_to_be_refused(page: Deployment):
    await page.put("decisions", verdict(1, ruling="review", rule="newest", chosen=None))
    (review,) = await page.shows("reviews", bool)

    async def refused(_value: bytes) -> None:
        name = f"{page.prefix}facts"
        kept = {"topic": name, "partition": 0, "offset": 0, "reason": "unseen", "key": None, "value": None}
        await page.put("quarantine", json.dumps(kept).encode(), f"{name}|0|0")

    async with asyncio.TaskGroup() as group:
        said = group.create_task(page.act("answer", review=review["id"], side='value={"a": 1}', why="so"))
        group.create_task(page.work("facts", 1, refused))
    status, came = said.result()
    assert (status, came["state"], came["said"].startswith("unseen; it is in quarantine")) == (200, "refused", True)


async def test_a_stopped_rule_goes_on(page: Deployment):
    brake = BrakeState(
        tenant="main", connection="main.xero", platform="xero", side=Side.ERP, entity=Entity.COMPANY, rule="owner",
        state="stopped", records=9, bound=5, held=4, command="c", stopped_at=at(1),
    )  # fmt: skip
    key = brake_key("main.xero", "company", "owner")
    await page.put("brakes", brake, key)
    await page.shows("brakes", bool)
    released = brake.model_copy(update={"state": "released", "released_at": at(9), "who": WHO, "why": "new list"})
    async with asyncio.TaskGroup() as group:
        said = group.create_task(page.act("let-go", entity="company", rule="owner", why="new list"))
        lies = group.create_task(page.work("lanes.xero", 1, lambda _: page.put("brakes", released, key)))
    assert said.result() == (200, {"state": "done", "said": "owner of company goes on in xero: 4 writes waited"})
    word = Release.from_bytes(lies.result())
    assert (word.connection, word.rule, word.who, word.why) == ("main.xero", "owner", WHO, "new list")
    assert (await page.shows("said?limit=5", bool))[0]["what"] == "let go"
    status, over = await page.act("let-go", entity="company", rule="owner", why="again")
    assert (status, "is stopped" in over["said"]) == (409, True)


async def test_two_records_are_said_to_be_two(page: Deployment):
    pair = {"left": "hubspot/company/1", "right": "xero/contact/a"}
    async with asyncio.TaskGroup() as group:
        said = group.create_task(page.act("link", **pair, same=False, why="another branch"))
        lies = group.create_task(page.work("changes", 1))
    assert said.result()[1]["state"] == "done"
    word = Link.from_bytes(lies.result())
    assert (word.left, word.right, word.same, word.who) == (pair["left"], pair["right"], False, WHO)
    assert (await page.act("link", left="x", right="y", same=True, why="so"))[0] == 409


async def test_a_held_record_is_edited_put_back_and_another_dropped(page: Deployment):
    right = Link(
        tenant="main", left="hubspot/company/1", right="xero/contact/a", same=True, who="kim", why="so", seen_at=at(1)
    )
    name = await page.hold(await page.put("changes", b"not json", "main"))
    other = await page.hold(await page.put("changes", b"nor this", "main"))
    assert {each["name"] for each in await page.shows("held-back", lambda found: len(found) == 2)} == {name, other}
    one = (await page.http.get("/api/held", params={"name": name})).json()
    assert (one["text"], INERT in one["reason"], one["recovery"]) == ("not json", True, "refused")

    status, wrong = await page.act("edit", name=name, value='{"type": "link"}', why="a typo")
    assert (status, wrong["state"]) == (409, "refused")
    assert (await page.act("edit", name=name, value=right.to_bytes().decode(), why="a typo"))[0] == 200
    again = await page.act("edit", name=name, value=right.to_bytes().decode(), why="a typo")
    assert again[1] == {"state": "refused", "said": f"nothing was changed in {name}"}
    async with asyncio.TaskGroup() as group:
        said = group.create_task(page.act("put-back", names=[name], why="mended"))
        lies = group.create_task(page.work("changes", 3))
    assert said.result() == (200, {"state": "done", "said": "put back and taken up"})
    assert Link.from_bytes(lies.result()) == right
    assert (await page.act("drop", name=other, why="a test record"))[1]["state"] == "done"
    assert await page.shows("held-back", lambda found: not found) == []
    words = [value for value in await page.kept("quarantine") if b'"who"' in value]
    assert [Edit.from_bytes(words[0]).who, *(Settlement.from_bytes(each).state for each in words[1:])] == [
        WHO, "replayed", "dropped",
    ]  # fmt: skip
    status, twice = await page.act("drop", name=other, why="again")
    assert (status, f"{other} was dropped by {WHO}" in twice["said"]) == (409, True)
    log = await page.shows("said?limit=9", lambda found: len(found) == 6 and "begun" not in found[0]["came"])
    assert [(each["what"], each["came"].partition(":")[0]) for each in log] == [
        ("drop", "refused"), ("drop", ""), ("put back", ""), ("edit", "refused"), ("edit", ""), ("edit", "refused"),
    ]  # fmt: skip
    assert [each["held"] for each in log] == [other, other, *[name] * 4]


async def test_a_refused_write_is_tried_again(page: Deployment):
    command = create("INV-1")
    refused = LedgerEntry(
        command=command, state="refused", payload_hash="h", attempts=1, claimed_at=START, settled_at=START, code="400"
    )
    await page.put("ledger", refused, command.id)
    (held,) = await page.shows("held-back", bool)
    assert (held["name"], held["command"]) == (command.id, True)
    assert '"fields"' in (await page.http.get("/api/held", params={"name": command.id})).json()["text"]
    async with asyncio.TaskGroup() as group:
        said = group.create_task(page.act("put-back", names=[command.id], why="account 205 was added"))
        lies = group.create_task(page.work("facts", 1))
    assert said.result()[1]["state"] == "done"
    word = Retry.from_bytes(lies.result())
    assert (word.command, word.who, word.why) == (command.id, WHO, "account 205 was added")


async def test_without_a_worker_it_stays_on_its_topic(page: Deployment):
    impatient = create_app(page.settings, wait=0.3)
    transport = httpx.ASGITransport(app=impatient)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=PATIENCE) as page.http:
        status, came = await page.act("link", left="hubspot/company/1", right="xero/contact/a", same=True, why="so")
    assert (status, came["state"]) == (200, "sent")
    assert len(await page.kept("changes")) == 1
    assert [Deed.from_bytes(each).outcome for each in await page.kept("audit")] == ["begun", "sent"]


async def test_what_cannot_be_kept_is_not_done(page: Deployment):
    bare = f"{page.prefix}bare."  # a deployment that has the word's topic and no other
    admin = AIOKafkaAdminClient(bootstrap_servers=page.broker)
    await admin.start()
    await admin.create_topics([NewTopic(f"{bare}changes", 1, 1)])
    await admin.close()
    settings = page.settings.model_copy(update={"topic_prefix": bare})
    transport = httpx.ASGITransport(app=create_app(settings, wait=0.3))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=PATIENCE) as page.http:
        status, came = await page.act("link", left="hubspot/company/1", right="xero/contact/a", same=True, why="so")
    assert (status, f"there is no topic {bare}audit" in came["said"]) == (503, True)
    assert await read(page.broker, f"{bare}changes") == []


async def test_who_comes_and_who_is_turned_away_is_kept(page: Deployment):
    trail = Trail(page.settings, lambda: at(1))
    await trail.came("sign in", "kim@example.com", "as operator")
    for _ in range(REFUSALS // 20):
        await trail.refused("sign in", "", "the provider did not let you in")
    log = await page.shows("said?limit=9", lambda found: len(found) == 1 + REFUSALS // 20)
    assert {(each["who"], each["what"], each["came"]) for each in log} == {
        ("kim@example.com", "sign in", ""), ("", "sign in", "refused: the provider did not let you in"),
    }  # fmt: skip
