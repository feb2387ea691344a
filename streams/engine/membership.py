"""Why the group does not take a worker, or no longer: in words, instead of a worker that waits for ever.

Flows in: errors of aiokafka's coordinator and the codes of its answers. Flows out: what to tell the person.
"""

from typing import Any

from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InconsistentGroupProtocolError,
    InvalidSessionTimeoutError,
    UnknownMemberIdError,
)
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.group import HeartbeatRequest

from streams.engine.errors import EngineError, Misconfigured

__all__ = ["is_replaced", "refused", "replaced"]

FENCED = 82  # Kafka's FENCED_INSTANCE_ID, which aiokafka does not know


def refused(error: BaseException, group: str, session: float) -> EngineError:
    """Return what an error of the coordinator means."""
    if isinstance(error, InvalidSessionTimeoutError):
        return Misconfigured(
            f"The broker refuses broker_session_timeout of {session:g} seconds: it is not between its "
            "group.min.session.timeout.ms and group.max.session.timeout.ms (6 seconds and 30 minutes, unless set). "
            "Change the one or the other, then start the worker again"
        )
    if isinstance(error, InconsistentGroupProtocolError):
        return Misconfigured(
            f"The group {group} is in use by another program, which shares partitions in another way. "
            "Give this app a name of its own, or stop the other"
        )
    if isinstance(error, GroupAuthorizationFailedError):
        return Misconfigured(f"The broker does not allow this worker into the group {group}. Allow it (ACL: read)")
    return EngineError(f"The group {group} could not be joined or kept: {error!r}")


def replaced(group: str, instance: str) -> Misconfigured:
    """Return what it means when a static member is not known any more."""
    return Misconfigured(
        f"Another worker has joined the group {group} as {instance!r} (consumer_group_instance_id) and has taken the "
        "place of this one. Give each worker a name of its own"
    )


def is_replaced(request: Any, answer: Any, *, in_session: bool) -> bool:
    """Return whether an answer says that another took a static member's place.

    aiokafka's heartbeats and commits are of versions from before static members, and the answer to them is the same as
    to a member whose session ran out. Within the session it can only be the former.
    """
    code = getattr(answer, "error_code", 0)
    if code == FENCED:
        return True
    codes = {code}
    if isinstance(request, OffsetCommitRequest):
        codes = {code for _, partitions in answer.topics for _, code in partitions}
    elif not isinstance(request, HeartbeatRequest):
        return False
    return in_session and UnknownMemberIdError.errno in codes
