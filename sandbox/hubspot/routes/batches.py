"""What batch replies have in common.

Source: error-handling page. Invariant: failures of single inputs show (207) only when every input carries a
trace id of its own; otherwise one bad input fails the call and nothing is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from sandbox.hubspot.errors import Problem, invalid
from sandbox.wire import Reply, iso

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

BATCH_LIMIT = 100  # inputs
TRACE = "objectWriteTraceId"


def inputs_of(raw: Mapping[str, Any], limit: int = BATCH_LIMIT) -> list[dict[str, Any]]:
    """Read the inputs of a batch. Raises `Problem`."""
    inputs = raw.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise invalid("Invalid input JSON: inputs must be a list of objects")
    if len(inputs) > limit:
        raise invalid(f"The maximum number of inputs supported in a batch request is {limit}.")
    return inputs


def traced(inputs: list[dict[str, Any]]) -> bool:
    """Tell whether every input carries a trace id of its own."""
    ids = [each.get(TRACE) for each in inputs]
    return bool(ids) and all(ids) and len(set(ids)) == len(ids)


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    portal: "Portal"
    results: list[dict[str, object]] = field(default_factory=list)
    errors: list[dict[str, object]] = field(default_factory=list)

    def done(self, shown: dict[str, object], source: Mapping[str, Any]) -> None:
        """Add a result, with its trace id."""
        if source.get(TRACE):
            shown[TRACE] = source[TRACE]
        self.results.append(shown)

    def failed(self, problem: Problem, source: Mapping[str, Any]) -> None:
        """Add a refusal, with its trace id."""
        context = {TRACE: [str(source[TRACE])]} if source.get(TRACE) else {}
        self.errors.append(problem.item(context))

    def reply(self, status: int = 200) -> Response:
        """Give the reply."""
        if self.portal.quirks.shuffled_batches:
            self.portal.lots.shuffle(self.results)
        now = iso(self.portal.now())
        body: dict[str, object] = {
            "status": "COMPLETE",
            "results": self.results,
            "startedAt": now,
            "completedAt": now,
        }
        if self.errors:
            body["numErrors"] = len(self.errors)
            body["errors"] = self.errors
        return Reply(body, status_code=207 if self.errors else status)
