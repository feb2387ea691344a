import asyncio
import gc
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InconsistentGroupProtocolError,
    InvalidSessionTimeoutError,
    KafkaError,
)
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, SyncGroupRequest

from streams.engine import EngineApp, EngineError, Misconfigured
from streams.engine.consumer_thread import BatchConsumerThread
from streams.engine.lease import Lease
from streams.engine.membership import is_replaced, refused

BEAT = HeartbeatRequest("group", 1, "member")
COMMIT = OffsetCommitRequest("group", 1, "member", -1, [])
JOIN = JoinGroupRequest("group", 1, 1, "", "one", "consumer", [])
UNKNOWN_MEMBER, REBALANCING, FENCED = 25, 27, 82


def answer(code: int) -> Any:
    return SimpleNamespace(error_code=code)


def commits(*codes: int) -> Any:
    return SimpleNamespace(topics=[("facts", [(n, code) for n, code in enumerate(codes)])])


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (InvalidSessionTimeoutError(), r"session_timeout of 10 seconds.*group\.max\.session\.timeout\.ms"),
        (InconsistentGroupProtocolError(), "another program"),
        (GroupAuthorizationFailedError("ours"), "does not allow"),
    ],
)
def test_a_refusal_says_what_to_do(error: Exception, says: str):
    told = refused(error, "ours", 10.0)
    assert isinstance(told, Misconfigured)
    with pytest.raises(Misconfigured, match=says):
        raise told


def test_any_other_error_is_told_as_it_is():
    told = refused(KafkaError("odd"), "ours", 10.0)
    assert isinstance(told, EngineError)
    assert "odd" in str(told)


def test_within_the_session_an_unknown_member_was_replaced():
    assert is_replaced(BEAT, answer(UNKNOWN_MEMBER), in_session=True)
    assert is_replaced(COMMIT, commits(0, UNKNOWN_MEMBER), in_session=True)
    assert is_replaced(JOIN, answer(FENCED), in_session=False)


def test_whoever_outslept_its_session_or_rebalances_was_not():
    assert not is_replaced(BEAT, answer(UNKNOWN_MEMBER), in_session=False)
    assert not is_replaced(BEAT, answer(REBALANCING), in_session=True)
    assert not is_replaced(COMMIT, commits(0, REBALANCING), in_session=True)
    assert not is_replaced(JOIN, answer(UNKNOWN_MEMBER), in_session=True)  # it never was one


def test_a_session_may_be_longer_than_a_request():
    assert EngineApp("unit", broker_session_timeout=90).conf.broker_request_timeout == 90


def test_an_empty_name_is_none():
    assert EngineApp("unit", consumer_group_instance_id="").conf.consumer_group_instance_id is None


async def test_the_lease_of_an_assignment_begins_when_it_was_asked_for():
    thread: Any = SimpleNamespace(lease=Lease(10), _joined=0.0)
    arrived: list[float] = []
    codes = [0, REBALANCING]

    async def broker(_: Any) -> Any:
        arrived.append(thread.lease.asked())
        return answer(codes.pop(0))

    coordinator = SimpleNamespace(_send_req=broker)
    BatchConsumerThread._note_joins(thread, coordinator)  # noqa: SLF001 - it needs no thread
    await coordinator._send_req(SyncGroupRequest("group", 1, "member", None, []))  # noqa: SLF001 - as aiokafka does
    joined = thread._joined  # noqa: SLF001 - what the assignment will find
    assert 0 < joined <= arrived[0]
    await coordinator._send_req(SyncGroupRequest("group", 1, "member", None, []))  # noqa: SLF001 - refused
    assert thread._joined == joined  # noqa: SLF001 - same


async def test_a_commit_that_was_given_up_leaves_no_stack_trace_when_its_connection_is_closed():
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    closed = asyncio.Event()

    async def commit(*_: Any) -> None:
        await closed.wait()
        raise KafkaError("closed")

    coordinator = SimpleNamespace(_do_commit_offsets=commit)
    thread: Any = SimpleNamespace()
    BatchConsumerThread._note_commits(thread, coordinator)  # noqa: SLF001 - it needs no thread
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.shield(coordinator._do_commit_offsets({}, {}))  # noqa: SLF001 - as aiokafka does
    closed.set()
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    assert not told
