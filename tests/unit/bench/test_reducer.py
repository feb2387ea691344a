from bench import job
from bench.reducer import Held, Raw, differences, expect, fingerprints


def done(count: int) -> tuple[list[Raw], Held]:
    """Do the job in a dict, as a contestant would."""
    rows: dict[str, job.Row] = {}
    windows: dict[str, job.Row] = {}
    source: list[Raw] = []
    outputs = []
    for offset, (key, value) in enumerate(job.events(count, keys=50)):
        source.append((offset, key, value))
        seen = job.orjson.loads(value)
        row, ruling = job.judge(rows.get(key.decode()), seen, offset)
        rows[key.decode()] = row
        name = job.window_key(seen)
        windows[name] = window = job.add(windows.get(name), seen, offset)
        outputs.append((key, job.output(seen, ruling, row, window)))
    return source, Held(rows, windows, fingerprints(outputs))


def test_the_job_and_the_recount_agree() -> None:
    source, held = done(3_000)
    assert differences(expect(source), held) == []


def test_a_lost_event_a_doubled_output_and_a_wrong_sum_are_seen() -> None:
    source, held = done(3_000)
    expected = expect(source)
    (key, (count, chain)), *_ = held.outputs.items()
    held.outputs[key] = (count + 1, chain)
    held.windows[next(iter(held.windows))]["sum"] += 1
    held.rows.popitem()
    found = differences(expected, held)
    assert len(found) == 3
    assert [line.split()[0] for line in found] == ["record", "window", "outputs"]


def test_an_event_seen_again_changes_nothing() -> None:
    _, value = job.event(7, 3)
    seen = job.orjson.loads(value)
    row, _ = job.judge(None, seen, 5)
    before = dict(row)
    assert job.judge(row, seen, 5) == (before, "seen")
    window = job.add(None, seen, 5)
    assert job.add(dict(window), seen, 5) == window


def test_events_are_as_large_as_stated_and_repeat_themselves() -> None:
    events = list(job.events(20_000))
    assert 200 < sum(len(value) for _, value in events) / len(events) < 215
    assert events == list(job.events(20_000))
    assert len({value for _, value in events}) < len(events)
