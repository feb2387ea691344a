"""I11: what the platforms allow is not used up, and whoever says wait is waited for. Counted in their own call logs."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.simulation.clockwork import START
from tests.simulation.platforms import Platforms
from tests.simulation.witness import Witness

TOO_MANY = 429
API = "/api.xro/"
MINUTE = 61.0  # seconds: the longest window that a platform counts by, and the way there
RETRY_AFTER = 30  # seconds, where the trouble does not say: the emulator's own word
ON_ITS_WAY = timedelta(seconds=1)  # that an answer takes, and another call that was sent before it came
LIFE = (
    1_500.0  # seconds after which an access token of Xero's is refreshed at the latest: 30 minutes, less what is early
)
REFRESHES = (
    3  # for each time that tokens died: the refresh, the one whose answer is lost, and the one of another worker
)


def overrun(witness: Witness) -> list[str]:
    """Calls that a platform itself refused for their number, where no trouble of the story did.

    What a worker called in a batch that it could not finish is not known to the one that takes over: one refusal tells
    it, within a minute of each takeover.
    """
    found = []
    for platform, calls in witness.world.platforms.calls().items():
        refused = [call for call in calls if call.status == TOO_MANY and call.fault is None]
        takeovers = list(witness.world.group.takeovers)
        for call in refused:
            now = (witness.moment(platform, call.at) - START).total_seconds()
            one = next((each for each in takeovers if 0 <= now - each < MINUTE), None)
            if one is not None:
                takeovers.remove(one)
            else:
                found.append(f"{platform} {call.method} {call.path} at {call.at:%H:%M:%S}: too many calls")
    return found


def impatient(witness: Witness) -> list[str]:
    """Calls to Xero inside a wait that it had asked for, once its answer was there, late as troubles may have made it.

    Where clocks are wrong a wait is as long as its worker's clock, and a partition may move between the two. A worker
    that stood still sends first what it was about to send: what another was told meanwhile it has not heard. And what
    was told to a worker that ended before it could note it, nobody knows: not whoever has taken over since.
    """
    story = witness.world.story
    asked = [scene.more["params"] for scene in story.scenes if scene.more.get("params", {}).get("status") == TOO_MANY
             and scene.more["platform"] == "xero"]  # fmt: skip
    if not asked or story.holds("skew") or any("problem" in params for params in asked):
        return []
    late = [scene.more["params"]["seconds"] for scene in story.scenes if scene.what == "answer_late"
            and scene.more["platform"] == "xero"]  # fmt: skip
    known = max([ON_ITS_WAY, *(timedelta(seconds=each) for each in late)])
    wait = timedelta(seconds=min(params.get("retry_after", RETRY_AFTER) for params in asked))
    calls = [call for call in witness.world.platforms.calls()["xero"] if call.path.startswith(API)]
    refused = [call.at for call in calls if call.status == TOO_MANY]
    return [
        f"{call.method} {call.path} at {call.at:%H:%M:%S} inside a wait"
        for call in calls
        if any(at + known < call.at < at + wait - ON_ITS_WAY and not _taken(witness, at, call.at) for at in refused)
        and not _thawed(witness, call.at)
    ]


def _taken(witness: Witness, told: datetime, at: datetime) -> bool:
    """Whether the partitions were shared out anew between the two."""
    since, now = ((witness.moment("xero", each) - START).total_seconds() for each in (told, at))
    return any(since <= each <= now for each in witness.world.group.takeovers)


def _thawed(witness: Witness, at: datetime) -> bool:
    """Whether a worker had just begun to move again."""
    now = witness.moment("xero", at) - START
    return any(timedelta(0) <= now - timedelta(seconds=each) < ON_ITS_WAY for each in witness.world.group.thaws)


def refreshed(witness: Witness) -> list[str]:
    """Refreshes at Xero's identity service beyond what dying tokens and changing workers explain; grants lost."""
    world = witness.world
    platforms: Platforms = world.platforms
    spent = platforms.organisation.identity.refreshes
    changes = world.group.deaths + world.group.shares + world.group.zombies
    allowed = 1 + REFRESHES * world.expiries + changes + int(world.now / LIFE)
    found = [f"{spent} refreshes, {allowed} are explained"] if spent > allowed else []
    rows = witness.records(witness.topics.cursors)
    lost = sum(b"no longer accepts the grant" in (value or b"") for part in rows.values() for _, value in part)
    return found + ([f"the grant was given up {lost} times"] if lost else [])
