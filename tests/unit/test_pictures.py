"""What is said of the pictures that the tests keep of pages."""

import os
from pathlib import Path

from tests.support.chromium import PICTURES, drawn


def test_pictures_of_this_run_are_counted_and_older_ones_are_not(tmp_path: Path):
    for name, when in (("now", 100), ("books", 200), ("log", 300)):
        (tmp_path / f"{name}.png").write_bytes(b"")
        os.utime(tmp_path / f"{name}.png", (when, when))
    assert drawn(200, tmp_path) == f"2 pictures of pages are in {tmp_path}"
    assert drawn(301, tmp_path) == drawn(0, tmp_path / "nowhere") == ""


def test_they_lie_where_git_does_not_look():
    root = Path(__file__).parents[2]
    assert PICTURES.relative_to(root).parts[0] + "/" in (root / ".gitignore").read_text(encoding="utf-8").split()
