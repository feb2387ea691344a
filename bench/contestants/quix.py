"""Quix Streams doing the job: one stateful function over both rows of a record, state with its changelog."""

from __future__ import annotations

from typing import Any

import orjson
from quixstreams import Application, State, message_context

from bench.contestants.plan import Meter, Plan
from bench.job import add, judge, output, window_key


def main() -> None:
    """Do the job."""
    plan = Plan.given()
    meter = Meter(plan)
    app = Application(
        broker_address=plan.broker, consumer_group=plan.group, auto_offset_reset="earliest",
        state_dir=f"{plan.folder}/state", loglevel="WARNING", producer_extra_config={"acks": "all"},
        auto_create_topics=True,
    )  # fmt: skip
    source = app.topic(plan.source, key_deserializer="bytes", value_deserializer="bytes")
    out = app.topic(plan.out, key_serializer="bytes", value_serializer="bytes")

    def work(value: bytes, state: State) -> bytes:
        meter.start()
        seen, offset = orjson.loads(value), message_context().offset
        row, ruling = judge(state.get("row"), seen, offset)
        state.set("row", row)
        name = window_key(seen)
        window = add(state.get(name), seen, offset)
        state.set(name, window)
        return output(seen, ruling, row, window)

    app.dataframe(source).apply(work, stateful=True).to_topic(out)
    count = 0

    def processed(*_: Any) -> None:
        nonlocal count
        count += 1
        if count >= plan.events:
            app._processing_context.commit_checkpoint(force=True)  # noqa: SLF001 - outputs, changelog, then commit
            meter.leave()

    app._on_message_processed = processed  # noqa: SLF001 - the setting of that name wants it before the app is there
    app.run()


if __name__ == "__main__":
    main()
