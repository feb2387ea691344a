"""Deal stages: whether those that the contract names are stages of the portal's deals.

In: the contract's timing, the portal's pipelines of deals. Out: a finding. A stage that no pipeline has is never
reached by a deal, so that what waits for it never happens, without a word.
Source: HubSpot's guide to pipelines (a stage has an id, which differs by portal, and a label, which people see).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.contract import Contract
from schemas.contract.model import Timing
from schemas.errors import RevmarkError
from streams.checkup.advice import advice
from streams.checkup.finding import Finding
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.shapes import SHAPES

NAME = "hubspot deal stages"
MANY = 20  # stages that are listed where none is near; a portal may have hundreds, and nobody reads these


async def finding(client: HubSpotClient, url: str, contract: Contract) -> Finding:
    """Compare the contract's stages with the portal's."""
    try:
        pipelines = await client.pipelines(SHAPES["deal"].path)
    except RevmarkError as error:
        step = advice(
            error, url, "give the app the scope crm.schemas.deals.read, install it again, then: revmark check"
        )
        said = f"the portal's pipelines of deals cannot be read: {error.message}"
        return Finding(NAME, ok=False, detail=said, next_step=step)
    named, there = named_stages(contract.timing), stages_of(pipelines)
    unknown = unknown_stages(named, there)
    if not unknown:
        count = len({stage for stages in named.values() for stage in stages})
        said = f"{count} in the contract, and the portal has them" if count else "the contract names none"
        return Finding(NAME, ok=True, detail=said)
    step = (
        f"write the ids of stages into {_listed(dict.fromkeys(path for path, _ in unknown))} of the contract (HubSpot "
        "shows them in the settings of the deal pipeline), then: revmark contract lint, and: revmark check"
    )
    said = "; ".join(f"{path} names {stage!r}, {_instead(stage, there)}" for path, stage in unknown)
    return Finding(NAME, ok=False, detail=said, next_step=step)


def named_stages(timing: Timing) -> dict[str, tuple[str, ...]]:
    """The stages that a contract names, by where it does."""
    paused = timing.subscriptions.paused_when_deal_stage if timing.subscriptions else ()
    return {
        "timing.order_when_deal_stage": timing.order_when_deal_stage,
        "timing.shipped_when_deal_stage": timing.shipped_when_deal_stage,
        "timing.subscriptions.paused_when_deal_stage": paused,
    }


def stages_of(pipelines: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The stages of pipelines as HubSpot lists them: id -> label."""
    return {str(each["id"]): str(each.get("label") or "") for one in pipelines for each in one.get("stages") or []}


def unknown_stages(named: Mapping[str, Sequence[str]], there: Mapping[str, str]) -> list[tuple[str, str]]:
    """(where, stage) of each that the portal does not have."""
    return [(path, stage) for path, stages in named.items() for stage in stages if stage not in there]


def _instead(stage: str, there: Mapping[str, str]) -> str:
    """What there is in the place of a stage: the one with that label, else one of nearly the name, else all."""
    words = {each.casefold(): each for each in there} | {label.casefold(): each for each, label in there.items()}
    near = difflib.get_close_matches(stage.casefold(), words, n=1)
    if near:
        found = words[near[0]]
        return f"which no pipeline of deals has: did you mean {found!r} ({there[found]})?"
    more = f", and {len(there) - MANY} more" if len(there) > MANY else ""
    known = ", ".join(f"{each} ({label})" for each, label in list(there.items())[:MANY])
    return f"which no pipeline of deals has: there are {known}{more}" if known else "and the portal has no deal stages"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
