"""Bytewax doing the job. Its state is in memory and not durable; it is handed over in a file to be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.testing import run_main

from bench.contestants.plan import Meter, Plan
from bench.job import Row, add, judge, output, window_key

AT_ONCE = 10_000  # records per batch, as the engine


def main() -> None:
    """Do the job."""
    plan = Plan.given()
    meter = Meter(plan)
    held: dict[str, tuple[Row, dict[str, Row]]] = {}

    def work(state: Any, message: Any) -> tuple[Any, Any]:
        meter.start()
        seen, offset = orjson.loads(message.value), message.offset
        fresh: tuple[Row | None, dict[str, Row]] = (None, {})
        known, windows = state or fresh
        row, ruling = judge(known, seen, offset)
        name = window_key(seen)
        windows[name] = window = add(windows.get(name), seen, offset)
        held[seen["entity"]] = state = (row, windows)
        return state, KafkaSinkMessage(message.key, output(seen, ruling, row, window))

    flow = Dataflow("job")
    source = KafkaSource([plan.broker], [plan.source], tail=False, batch_size=AT_ONCE)
    keyed = op.key_on("key", op.input("in", flow, source), lambda message: message.key.decode())
    said = op.key_rm("said", op.stateful_map("job", keyed, work))
    op.output("out", said, KafkaSink([plan.broker], plan.out, add_config={"acks": "all"}))
    run_main(flow)
    meter.finish()
    rows = {name: row for name, (row, _) in held.items()}
    windows = {name: window for _, each in held.values() for name, window in each.items()}
    Path(plan.folder, "held.json").write_bytes(orjson.dumps({"rows": rows, "windows": windows}))


if __name__ == "__main__":
    main()
