"""Record the changes of a played story: `python -m bench.record`.

Needed again only when the story or what a change holds has moved.
"""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import orjson

from bench.kafka import Lab
from console.demo.account import Account
from console.demo.cast import assemble
from console.demo.people import Finance, Sales
from console.demo.stage import Options, Stage
from console.demo.story import Story
from console.demo.witness import Witness
from streams.broker.progress import silent

RECORDED = Path(__file__).parent / "recorded" / "changes.jsonl.gz"
PATIENCE = 120.0  # seconds a step of the story may take on a busy machine


def main() -> None:
    """Play the story and keep what the lanes saw."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-story-") as folder,
        Stage(Options(Path(folder), page=False), silent) as stage,
    ):
        stage.prepare()
        sales, finance = Sales(stage.hubspot["url"]), Finance(stage.xero["url"], stage.xero["tenant_id"])
        cast = assemble(sales, finance)
        topics = stage.topics
        witness = Witness(stage.broker, [topics.name(topic) for topic in topics], topics.partitions)
        account = Account(tell=lambda entry: print(entry.name), alarm=stage.dead, patience=PATIENCE)
        try:
            stage.raise_curtain()
            Story(stage, account, sales, finance, cast, witness).play()
        finally:
            witness.close()
        values = [value or b"" for _, _, value in Lab(stage.broker).read(topics.name(topics.changes))]
        sales.close()
        finance.close()
    RECORDED.parent.mkdir(exist_ok=True)
    values = [value for value in values if orjson.loads(value).get("tenant") == "demo"]
    RECORDED.write_bytes(gzip.compress(b"\n".join(values), mtime=0))
    print(f"{len(values)} records, {sum(map(len, values)):,} bytes, written to {RECORDED}")


if __name__ == "__main__":
    main()
