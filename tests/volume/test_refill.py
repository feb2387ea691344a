"""A short backfill beside live edits with each test run: `make month-end ARGS="--backfill 10000"` plays a whole one."""

import pytest

from tests.volume.refill import Refill, refill

ROWS = 60  # some four seconds of a processor


@pytest.fixture(scope="module")
def played() -> Refill:
    return refill(ROWS, calm=5.0, say=lambda _: None)


def test_everything_is_read_while_people_edit(played: Refill):
    assert played.figures.read >= 2 * ROWS  # Xero's contacts too; what is edited meanwhile may be met again
    assert played.figures.beside


def test_every_edit_is_shown_on_the_other_side(played: Refill):
    assert None not in played.people.seconds(played.people.done)


def test_no_older_value_is_put_back(played: Refill):
    assert played.figures.stale == 0


def test_an_older_value_that_is_put_back_is_counted(played: Refill):
    people = played.people
    (company, what), numbers = next(
        (place, values) for place, values in people.values.items() if place[1] == "phone" and len(values) > 1
    )
    played.platforms.portal.writes.record(played.hours(), "api", "update", "companies", company, {}, {what: numbers[0]})
    assert people.stale() == [("hubspot", (company, what), len(numbers), 1)]
