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
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest

from streams.engine import EngineApp, EngineError, Misconfigured
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
