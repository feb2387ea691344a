"""What every platform's client promises, against each platform's sandbox: the same cases for all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from sandbox.faults import FaultKind
from schemas.errors import Parked, Refused, Throttled, Transient
from schemas.names import Entity
from tests.contract.conformance import NAMES, Bench, bench, number_of

MANY = 130  # more than any platform takes in one call
NAME = "Ærø & Søn <“Ltd”> — 日本 🧾"  # beyond ASCII, beyond one UTF-16 unit, and what markup would swallow


@pytest.fixture(params=NAMES)
async def on(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with bench(request.param) as there:
        yield there


# Writing


async def test_what_is_written_is_there_in_the_version_that_was_answered(on: Bench):
    done = await on.write(on.create("1", NAME))
    assert done.state == "applied"
    seen = await on.read(number_of(done.ref))
    assert (on.name(seen), seen.version, seen.deleted) == (NAME, done.version, False)


async def test_the_same_create_twice_makes_one_record(on: Bench):
    first = await on.write(on.create("1", "Acme"))
    on.later()
    second = await on.write(on.create("1", "Acme"))
    assert (second.state, second.ref) == ("applied", first.ref)
    assert on.creates() == [number_of(first.ref)]


async def test_an_update_moves_the_version_on(on: Bench):
    record = await on.person_makes("Acme")
    before = await on.read(record)
    on.later(5)
    done = await on.write(on.update(record, name="Acme Ltd"))
    after = await on.read(record)
    assert (done.state, done.version, on.name(after)) == ("applied", after.version, "Acme Ltd")
    assert after.version > before.version


@pytest.mark.parametrize("known", [False, True])
async def test_an_update_of_what_has_ended_writes_nothing_and_shows_its_end(on: Bench, *, known: bool):
    record = await on.person_makes("Acme") if known else on.absent
    if known:
        await on.person_removes(record)
    done = await on.write(on.update(record, name="Nobody"))
    assert (done.state, done.code) == ("moved", "gone")
    assert done.message
    assert [each.deleted for each in on.told(done.seen[0])][:1] == [True]
    assert done.version == done.seen[0].version
    assert on.creates() == []


async def test_what_was_meant_for_a_record_that_was_merged_away_is_not_written_to_the_one_that_is_left(on: Bench):
    winner, loser, other = [await on.person_makes(name) for name in ("Acme", "Globex", "Initech")]
    await on.person_merges(loser, winner)
    before = await on.read(winner)
    done = await on.client.write([on.update(loser, name="Globex Ltd"), on.update(other, name="Initech Ltd")])
    assert [each.state == "applied" for each in done][1:] == [True]
    after = await on.read(winner)
    assert (on.name(after), after.version) == ("Acme", before.version)


async def test_one_bad_record_of_a_batch_is_its_own_fault(on: Bench):
    there = [await on.person_makes(f"C{number}") for number in range(7)]
    commands = [on.update(each, name=f"New {each}") for each in there]
    commands[3] = on.update(on.absent, name="Nobody")
    done = {each.command: each.state for each in await on.client.write(commands)}
    assert [done[each.id] for each in commands] == ["applied"] * 3 + ["moved"] + ["applied"] * 3


async def test_every_command_has_one_answer_however_many_there_are(on: Bench):
    commands = [on.create(str(number), f"C{number}") for number in range(MANY)]
    answers = await on.client.write(commands)
    assert sorted(each.command for each in answers) == sorted(each.id for each in commands)
    assert {each.state for each in answers} == {"applied"}
    assert len(set(on.creates())) == len(on.creates()) == MANY


async def test_commands_go_in_batches_and_not_one_by_one(on: Bench):
    before = on.calls()
    await on.client.write([on.create(str(number), f"C{number}") for number in range(MANY)])
    assert on.calls() - before <= MANY // 10


async def test_nothing_to_do_is_no_call(on: Bench):
    before = on.calls()
    assert await on.client.write([]) == []
    assert await on.client.read(on.kind, []) == []
    assert on.calls() == before


async def test_what_the_platform_cannot_hold_is_refused_and_its_neighbour_written(on: Bench):
    odd = on.create("1", "Acme").model_copy(update={"entity": Entity.SUBSCRIPTION})
    done = {each.command: each.state for each in await on.client.write([odd, on.create("2", "Other")])}
    assert done == {"create-1": "refused", "create-2": "applied"}


# Answers that are lost


async def test_an_answer_that_was_lost_is_unknown_and_found_and_nothing_is_made_twice(on: Bench):
    on.strike(FaultKind.DROP_AFTER, on.writes)
    wanted = on.create("1", "Acme")
    assert (await on.write(wanted)).state == "unknown"
    on.later()
    found = await on.client.look_up(wanted)
    assert found is not None
    assert (found.state, number_of(found.ref)) == ("applied", on.creates()[0])
    assert len(on.creates()) == 1


async def test_a_request_that_was_lost_is_not_found_and_may_be_sent_again(on: Bench):
    on.strike(FaultKind.DROP_BEFORE, on.writes)
    wanted = on.create("1", "Acme")
    with suppress(Transient):  # which says that nothing was written
        assert (await on.write(wanted)).state in {"unknown", "again"}
    on.later()
    assert await on.client.look_up(wanted) is None
    assert (await on.write(wanted)).state == "applied"
    assert len(on.creates()) == 1


async def test_an_update_whose_answer_was_lost_is_found_by_what_it_wanted(on: Bench):
    record = await on.person_makes("Acme")
    on.later(5)
    on.strike(FaultKind.DROP_AFTER, on.writes)
    wanted = on.update(record, name="Acme Ltd")
    assert (await on.write(wanted)).state == "unknown"
    found = await on.client.look_up(wanted)
    assert found is not None
    assert found.state == "applied"
    assert await on.client.look_up(on.update(record, name="Something else")) is None


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_that_fails_leaves_no_claim_either_way(on: Bench, status: int):
    on.strike(FaultKind.STATUS, on.writes, status=status)
    wanted = on.create("1", "Acme")
    with suppress(Transient, Parked):
        assert (await on.write(wanted)).state in {"unknown", "again"}
    on.later()
    assert await on.client.look_up(wanted) is None
    assert (await on.write(wanted)).state == "applied"


# Limits and grants


async def test_a_refusal_for_too_many_calls_says_until_when_and_is_obeyed(on: Bench):
    record = await on.person_makes("Acme")
    on.strike(FaultKind.STATUS, on.reads, times=None, **on.too_many)
    asked = on.clock.now()
    with pytest.raises((Throttled, Parked)) as told:
        await on.read(record)
    assert told.value.until > asked
    on.faults.clear()
    on.clock.move((told.value.until - on.clock.now()).total_seconds() + 1)
    assert on.name(await on.read(record)) == "Acme"


async def test_a_token_that_has_run_out_is_renewed_without_a_word(on: Bench):
    record = await on.person_makes("Acme")
    await on.read(record)
    on.later(2 * 3600)  # longer than any platform's access token lives
    assert on.name(await on.read(record)) == "Acme"
    assert (await on.write(on.update(record, name="Acme Ltd"))).state == "applied"


async def test_a_grant_that_was_taken_back_parks_the_connection_and_says_so(on: Bench):
    record = await on.person_makes("Acme")
    await on.read(record)
    on.revoke()
    on.later(2 * 3600)
    with pytest.raises(Parked) as told:
        await on.read(record)
    assert told.value.until > on.clock.now()
    assert "revmark" in told.value.message  # the command to run next


# Reading


async def test_a_record_that_is_not_there_is_told_as_gone(on: Bench):
    assert (await on.read(on.absent)).deleted


async def test_a_kind_that_is_not_followed_is_refused(on: Bench):
    with pytest.raises(Refused):
        await on.client.read("spaceship", ["1"])
    with pytest.raises(Refused):
        [page async for page in on.client.poll("spaceship", None)]


async def test_many_are_read_in_batches(on: Bench):
    there = [await on.person_makes(f"C{number}") for number in range(MANY)]
    before = on.calls()
    seen = await on.client.read(on.kind, there)
    assert sorted(each.record_id for each in seen) == sorted(there)
    assert on.calls() - before <= MANY // 10


async def test_a_first_poll_shows_all_and_is_complete_once(on: Bench):
    there = [await on.person_makes(f"C{number}") for number in range(MANY)]
    on.later()
    pages = await on.pages()
    assert {each.record_id for page in pages for each in page.records} == set(there)
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]


async def test_a_later_poll_shows_what_changed_and_little_else(on: Bench):
    there = []
    for number in range(5):
        there.append(await on.person_makes(f"C{number}"))
        on.later()
    await on.polled()
    _, cursor = await on.polled()
    on.later(3600)
    await on.person_renames(there[2], "Another")
    on.later()
    seen, after = await on.polled(cursor)
    assert on.name(seen[there[2]]) == "Another"
    assert set(seen) <= {there[2], there[4]}  # the newest is within the overlap
    on.later(3600)
    assert set((await on.polled(after))[0]) <= {there[2]}


async def test_a_poll_goes_on_from_the_page_where_it_was_cut_off(on: Bench):
    there = {await on.person_makes(f"C{number}") for number in range(MANY)}
    on.later()
    first = await anext(aiter(on.client.poll(on.kind, None)))
    rest, _ = await on.polled(first.cursor)
    assert {each.record_id for each in first.records} | set(rest) == there


async def test_a_poll_that_is_cut_off_can_be_gone_on_with_after_a_fault(on: Bench):
    there = {await on.person_makes(f"C{number}") for number in range(MANY)}
    on.later()
    on.later()
    seen: set[str] = set()
    cursor: str | None = None
    with suppress(Transient, Parked):
        async for page in on.client.poll(on.kind, None):
            seen |= {each.record_id for each in page.records}
            cursor = page.cursor
            on.strike(FaultKind.STATUS, r"(Contacts|companies)", times=None, status=503)
    assert set() < seen < there
    on.faults.clear()
    on.later()
    assert seen | set((await on.polled(cursor))[0]) == there


@pytest.mark.parametrize("cursor", ["", "{}", "yesterday", '{"high": "x"}', "🧾"])
async def test_a_cursor_of_something_else_has_all_read_anew(on: Bench, cursor: str):
    there = await on.person_makes("Acme")
    on.later()
    assert set((await on.polled(cursor))[0]) == {there}


async def test_what_a_person_removes_is_told(on: Bench):
    record = await on.person_makes("Acme")
    on.later()
    await on.person_removes(record)
    on.later()
    seen = await on.read(record)
    assert all(each.deleted for each in on.told(seen) if each.entity is Entity.COMPANY)


async def test_a_merge_is_told_by_the_record_that_stays_or_the_one_that_left(on: Bench):
    winner, loser = await on.person_makes("Acme"), await on.person_makes("Acme again")
    on.later()
    await on.person_merges(loser, winner)
    on.later()
    shown = [said for record in (winner, loser) for said in on.told(await on.read(record))]
    assert any(said.merged_from or "merged_into" in said.keys for said in shown)


async def test_the_same_record_read_twice_is_told_the_same(on: Bench):
    record = await on.person_makes(NAME)
    first, second = await on.read(record), await on.read(record)
    assert (first.version, on.told(first)) == (second.version, on.told(second))


async def test_a_sweep_shows_what_was_changed_without_a_trace_or_not(on: Bench):
    there = [await on.person_makes(f"C{number}") for number in range(3)]
    on.later()
    _, cursor = await on.polled()
    on.later(24 * 3600)
    seen, _ = await on.polled(cursor, sweep=True)
    assert sorted(seen) == sorted(there)
