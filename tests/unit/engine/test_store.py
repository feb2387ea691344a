import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.engine import EngineError, FolderRefused
from streams.engine.rocks import BLOCK, OFFSET_KEY, RocksStore, _refusal
from streams.engine.store import MemoryStore, Store

FULL = "No space left on device"

Open = Callable[[], Store]


@pytest.fixture(params=["memory", "rocks"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else RocksStore(lambda: tmp_path / "state", "table")


def test_changes_and_their_offset_belong_together(store: Store):
    assert store.offset(0) is None
    assert store.get(0, b'"a"') is None
    store.write(0, {b'"a"': b"1", b'"b"': b"2"}, 7)
    store.write(0, {b'"a"': None, b'"c"': b"3"}, 9)
    assert store.offset(0) == 9
    assert dict(store.items(0)) == {b'"b"': b"2", b'"c"': b"3"}
    assert store.offset(1) is None
    store.close()


def test_new_files_are_read_once_something_is_in_them(tmp_path: Path):
    store = RocksStore(lambda: tmp_path, "table")
    assert store.get(0, b'"b"') is None  # nothing was ever written: RocksDB is not asked
    store.write(0, {b'"a"': b"1"}, 1)
    store.touch(0)  # it waits no longer, and is in the files only
    assert store.get(0, b'"a"') == b"1"
    store.drop(0)
    assert store.get(0, b'"a"') is None
    store.close()


def test_new_files_that_were_first_opened_to_be_written_are_read(tmp_path: Path):
    store = RocksStore(lambda: tmp_path, "table")
    store.write(0, {b'"a"': b"1"}, 1)
    store.touch(0)
    assert (store.get(0, b'"a"'), store.offset(0)) == (b"1", 1)
    store.close()


def test_partitions_that_are_not_ours_are_let_go(store: Store):
    store.write(0, {b'"a"': b"1"}, 1)
    store.write(1, {b'"b"': b"2"}, 1)
    store.retain({1})
    assert dict(store.items(1)) == {b'"b"': b"2"}
    store.close()


def test_the_size_is_that_of_the_partitions_held(store: Store):
    assert store.size() == (0, 0 if isinstance(store, RocksStore) else None)
    store.write(0, {b'"%d"' % n: b"x" * 100 for n in range(300)}, 1)
    store.write(1, {b'"%d"' % n: b"x" * 100 for n in range(20)}, 1)
    assert store.size().entries == 320
    store.touch(0)  # what waited goes to disk
    store.touch(1)
    offsets = isinstance(store, RocksStore)  # RocksDB counts each partition's offset as well
    assert store.size().entries == 320 + 2 * offsets
    assert (store.size().on_disk or 0) >= 32_000 * offsets
    store.retain({1})
    assert store.size().entries == 20 + offsets
    store.close()


def test_files_opened_again_keep_their_blocks_and_filters(tmp_path: Path):
    for _ in range(2):  # rocksdict opens what is there with RocksDB's defaults, unless its columns are named
        store = RocksStore(lambda: tmp_path, "table")
        store.write(0, {b'"a"': b"1"}, 1)
        store.touch(0)
        store.close()
    options = max((tmp_path / "table-0").glob("OPTIONS-*")).read_text()
    assert all(f"\n  {each}\n" in options for each in (f"block_size={BLOCK}", "no_block_cache=true"))
    assert "filter_policy=bloomfilter" in options


def test_disk_outlives_the_process(tmp_path: Path):
    first = RocksStore(lambda: tmp_path, "table")
    first.write(3, {b'"a"': b"1"}, 41)
    first.close()
    second = RocksStore(lambda: tmp_path, "table")
    assert second.offset(3) == 41
    assert second.get(3, b'"a"') == b"1"
    second.close()


def test_memory_forgets_a_partition_it_let_go():
    store = MemoryStore()
    store.write(0, {b'"a"': b"1"}, 1)
    store.retain(())
    assert store.offset(0) is None  # so that it is read anew when it comes back


def test_a_dropped_partition_is_gone_and_can_be_written_again(store: Store):
    store.write(0, {b'"a"': b"1"}, 7)
    store.write(1, {b'"b"': b"2"}, 7)
    store.drop(0)
    store.drop(2)  # never there
    assert (store.offset(0), store.get(0, b'"a"'), dict(store.items(0))) == (None, None, {})
    assert store.get(1, b'"b"') == b"2"
    store.write(0, {b'"a"': b"3"}, 2)
    assert (store.offset(0), dict(store.items(0))) == (2, {b'"a"': b"3"})
    store.close()


def test_what_a_kill_left_of_a_dropped_partition_is_in_nobodys_way(tmp_path: Path):
    (tmp_path / "table-3.dropped").mkdir()
    store = RocksStore(lambda: tmp_path, "table")
    store.write(3, {b'"a"': b"1"}, 41)
    store.drop(3)
    assert list(tmp_path.iterdir()) == []


def test_damaged_files_are_dropped_and_read_anew(tmp_path: Path):
    first = RocksStore(lambda: tmp_path, "table")
    first.write(0, {b'"a"': b"1"}, 7)
    first.close()
    (tmp_path / "table-0" / "CURRENT").write_text("torn")
    second = RocksStore(lambda: tmp_path, "table")
    assert (second.offset(0), second.get(0, b'"a"')) == (None, None)
    second.write(0, {b'"a"': b"2"}, 3)
    assert second.offset(0) == 3
    second.close()


def test_what_a_kill_took_is_what_the_offset_on_disk_says(tmp_path: Path):
    seconds = [100.0]

    def killed(name: str) -> RocksStore:
        """What another process finds that begins now."""
        shutil.copytree(tmp_path / "live", tmp_path / name)
        (tmp_path / name / "table-0" / "LOCK").unlink()
        return RocksStore(lambda: tmp_path / name, "table")

    live = RocksStore(lambda: tmp_path / "live", "table", clock=lambda: seconds[0])
    live.write(0, {b'"a"': b"1", b'"b"': b"1"}, 5)
    live.touch(0)
    live.write(0, {b'"a"': b"2"}, 6)
    live.write(0, {b'"b"': None}, 7)
    assert (live.offset(0), live.get(0, b'"a"'), live.get(0, b'"b"')) == (7, b"2", None)
    left = killed("waiting")
    assert (left.offset(0), dict(left.items(0))) == (5, {b'"a"': b"1", b'"b"': b"1"})
    seconds[0] += 5
    live.write(0, {b'"c"': b"8"}, 8)
    later = killed("written")
    assert (later.offset(0), dict(later.items(0))) == (8, {b'"a"': b"2", b'"c"': b"8"})
    live.write(0, {b'"d"': b"x" * (1 << 20)}, 9)
    assert killed("small").offset(0) == 8
    live.write(0, {b'"%d"' % n: b"x" * (1 << 20) for n in range(8)}, 10)
    assert killed("large").offset(0) == 10
    live.close()


DAY = 24 * 3600 * 1000  # milliseconds


def test_the_time_up_to_which_nothing_is_missing(tmp_path: Path):
    days = [100.0]

    def opened() -> RocksStore:
        return RocksStore(lambda: tmp_path, "table", clock=lambda: days[0] * DAY / 1000)

    store = opened()
    assert store.complete_at(0) is None
    store.touch(0)  # there is nothing to be said of it
    assert store.offset(0) is None
    store.write(0, {b'"a"': b"1"}, 5, at=10 * DAY)  # old, but read now
    store.write(1, {b'"a"': b"1"}, 5)
    store.close()
    days[0], store = 108, opened()
    assert (store.complete_at(0), store.complete_at(1)) == (100 * DAY, 100 * DAY)
    store.write(0, {b'"a"': None}, 6, at=99 * DAY)  # older than what is known
    assert store.complete_at(0) == 100 * DAY
    store.write(0, {b'"a"': b"2"}, 7, at=103 * DAY)  # catching up: what follows is still missing
    assert store.complete_at(0) == 103 * DAY
    store.write(0, {b'"a"': b"3"}, 8, at=900 * DAY)  # by another clock
    store.touch(1)
    store.close()
    store = opened()
    assert (store.complete_at(0), store.complete_at(1)) == (108 * DAY, 108 * DAY)
    assert (store.offset(1), store.get(0, b'"a"')) == (5, b"3")
    store.close()


def test_a_folder_that_does_not_tell_its_time_can_be_read(tmp_path: Path):
    store = RocksStore(lambda: tmp_path, "table")
    store._database(0).put(OFFSET_KEY, b"41")  # noqa: SLF001 - as it was written before times were
    store.close()
    store = RocksStore(lambda: tmp_path, "table")
    assert (store.offset(0), store.complete_at(0)) == (41, None)
    store.close()


def damaged(folder: Path) -> RocksStore:
    """Return a store that opens, with a block in the middle of its rows torn."""
    store = RocksStore(lambda: folder, "table")
    store.write(0, {b'"%05d"' % n: os.urandom(200) for n in range(2000)}, 7)
    store._database(0).flush()  # noqa: SLF001 - into a file
    store.close()
    (file,) = (folder / "table-0").glob("*.sst")
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 50] = bytes(50)
    file.write_bytes(raw)
    return RocksStore(lambda: folder, "table")


def read_all(store: RocksStore) -> None:
    for n in range(2000):
        store.get(0, b'"%05d"' % n)


@pytest.mark.parametrize("read", [read_all, lambda store: list(store.items(0))], ids=["get", "items"])
def test_damage_found_while_reading_ends_the_process_once(tmp_path: Path, read: Callable[[RocksStore], object]):
    store = damaged(tmp_path)
    assert store.offset(0) == 7
    with pytest.raises(EngineError, match=r"table-0 is damaged: Corruption.*Start the worker again"):
        read(store)
    store.close()
    again = RocksStore(lambda: tmp_path, "table")
    assert again.offset(0) is None  # recovery begins at the changelog's beginning
    again.write(0, {b'"a"': b"1"}, 3)
    again.close()
    after = RocksStore(lambda: tmp_path, "table")
    assert (after.offset(0), dict(after.items(0))) == (3, {b'"a"': b"1"})
    after.close()


def test_a_disk_that_refuses_is_said_first_and_asked_no_more(tmp_path: Path):
    told: list[FolderRefused] = []
    store = RocksStore(lambda: tmp_path / "state", "table", refused=told.append)
    store.write(0, {b'"a"': b"1"}, 5)
    (tmp_path / "state").write_text("no folder")
    for _ in range(2):
        with pytest.raises(
            FolderRefused, match=r"table-1 cannot be written: (File exists|Not a directory)\. The worker"
        ):
            store.get(1, b'"b"')
    assert len(told) == 1
    with pytest.raises(FolderRefused):
        store.write(0, {b'"a"': b"2"}, 6)
    store.close()  # and does not try to write what waits


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Exception("IO error: While appending to file: /a/b: c/000004.log: No space left on device"), FULL),
        (Exception("IO error: No space left on device"), FULL),
        (Exception("No space left on device (os error 28)"), FULL),
        (OSError(28, FULL), FULL),
        (Exception("Corruption: IO error"), None),
        (Exception("Invalid argument: an option"), None),
    ],
)
def test_the_words_of_the_system_are_kept_of_what_a_library_says(error: Exception, why: str | None):
    assert _refusal(error) == why


def test_a_file_in_the_way_is_said_in_words(tmp_path: Path):
    (tmp_path / "table-0").write_text("no folder")
    with pytest.raises(FolderRefused, match=r"table-0 cannot be written: File exists\. The worker ends"):
        RocksStore(lambda: tmp_path, "table").get(0, b'"a"')
