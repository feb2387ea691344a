import json
from pathlib import Path

import pytest

from streams.engine import FolderInUse, FolderRefused, Misconfigured
from streams.engine.folder import StateFolder
from streams.engine.label import Origin

VERSIONS = Origin("tables.versions", 4)


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    made = StateFolder(tmp_path)
    made.claim("ours", {"versions": VERSIONS})
    return made


def test_a_state_folder_is_made_and_owned_by_one(tmp_path: Path):
    first, second = StateFolder(tmp_path / "a" / "b"), StateFolder(tmp_path / "a" / "b")
    first.open()
    with pytest.raises(FolderInUse, match="in use by process"):
        second.open()
    first.close()
    second.open()
    second.close()


def test_the_same_app_comes_back_also_with_more_tables(folder: StateFolder):
    folder.note_ids({"tables.versions": "one"})
    again = StateFolder(folder.path)
    again.claim("ours", {"versions": VERSIONS, "sums": Origin("tables.sums", 7)})
    assert again.made_anew({"tables.versions": "one", "tables.sums": "two"}) == []


def test_a_table_that_is_not_there_now_may_come_back(folder: StateFolder):
    folder.note_ids({"tables.versions": "one"})
    StateFolder(folder.path).claim("ours", {})
    with pytest.raises(Misconfigured, match="table versions"):
        StateFolder(folder.path).claim("ours", {"versions": Origin("elsewhere", 4)})


def test_a_folder_of_another_app_is_refused_and_left_as_it_is(folder: StateFolder):
    before = (folder.path / "state.json").read_bytes()
    with pytest.raises(Misconfigured, match=rf"belongs to the app ours, and this is theirs.* move {folder.path} away"):
        StateFolder(folder.path).claim("theirs", {})
    assert (folder.path / "state.json").read_bytes() == before


def test_another_partition_count_is_refused(folder: StateFolder):
    with pytest.raises(Misconfigured, match=r"with 4 partitions, .* with 8.* nothing is lost"):
        StateFolder(folder.path).claim("ours", {"versions": Origin("tables.versions", 8)})


def test_a_folder_of_another_version_is_refused(folder: StateFolder):
    label = folder.path / "state.json"
    label.write_text(json.dumps(json.loads(label.read_text()) | {"version": 2, "shape": "new"}))
    with pytest.raises(Misconfigured, match="another version of the engine"):
        StateFolder(folder.path).claim("ours", {"versions": VERSIONS})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"app": "ours", "version": 1, "tables": {"versions": 3}}'])
def test_a_label_that_cannot_be_read_is_refused(folder: StateFolder, text: str):
    (folder.path / "state.json").write_text(text)
    with pytest.raises(Misconfigured, match="cannot be read"):
        StateFolder(folder.path).claim("ours", {"versions": VERSIONS})


def test_a_topic_that_was_made_anew_has_another_id(folder: StateFolder):
    assert folder.made_anew({"tables.versions": "one"}) == []  # not known before
    folder.note_ids({"tables.versions": "one"})
    folder.note_ids({})  # a broker that tells none
    again = StateFolder(folder.path)
    again.claim("ours", {"versions": VERSIONS})
    assert again.made_anew({}) == []
    assert again.made_anew({"tables.versions": "two"}) == ["versions"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_full_disk_is_said_in_words_and_leaves_what_was_there(folder: StateFolder):
    before = (folder.path / "state.json").read_bytes()
    (folder.path / "state.json.new").symlink_to("/dev/full")
    with pytest.raises(FolderRefused, match=r"No space left on device\. What was there is unharmed"):
        StateFolder(folder.path).claim("ours", {"versions": VERSIONS, "sums": Origin("tables.sums", 7)})
    assert (folder.path / "state.json").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FolderRefused, match=r"cannot be written: Not a directory\."):
        StateFolder(tmp_path / "file" / "state").open()
