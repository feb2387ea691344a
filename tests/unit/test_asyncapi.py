"""The AsyncAPI document: that of the code, valid by the specification's own schema, about the public topics only."""

import gzip
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, validate

from schemas.revenue import RevenueEvent
from schemas.wire import decode
from streams.asyncapi import FILE, VALUES, document, text
from streams.topics import Topics
from tests.unit.console.records import event

SPECIFICATION = Path(__file__).parents[1] / "contract/asyncapi_spec/asyncapi_3.json.gz"


def test_the_document_in_the_repository_is_that_of_the_code():
    assert FILE.read_text(encoding="utf-8") == text(), "run: make schemas"


def test_it_holds_by_the_specifications_own_schema():
    schema = json.loads(gzip.decompress(SPECIFICATION.read_bytes()))
    found = [
        f"{each.json_path}: {each.message[:200]}" for each in Draft7Validator(schema).iter_errors(document(Topics()))
    ]
    assert found == []
    broken = document(Topics()) | {"operations": {"x": {"action": "shout"}}}
    assert list(Draft7Validator(schema).iter_errors(broken))


def test_it_tells_of_every_public_topic_and_of_no_other():
    topics = Topics(prefix="acme.", partitions=12)
    told = document(topics)["channels"]
    assert {each["address"] for each in told.values()} == {topics.name(topic) for topic in topics if topic.public}
    assert {each["bindings"]["kafka"]["partitions"] for each in told.values()} == {12}
    assert told.keys() == VALUES.keys()


def test_what_is_published_holds_by_the_document():
    components: dict[str, Any] = document(Topics())["components"]
    schema = {"$ref": "#/components/schemas/RevenueEvent", "components": components}
    value = decode(event(1).to_bytes())
    validate(value, schema)
    assert value.keys() <= components["schemas"][RevenueEvent.__name__]["properties"].keys()
