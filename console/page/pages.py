"""The pages as they are sent: one frame (head, top line), and the part of each between it.

In: the files beside the scripts. Out: HTML without any data of a deployment; the scripts fetch that as JSON.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Page:
    """What differs between pages: `target` and `named` are what the skip link leads to, `command` shows the same."""

    title: str
    body: str
    script: str
    target: str
    named: str
    command: str

    def html(self) -> str:
        """The whole page."""
        frame = Template((STATIC / "frame.html").read_text(encoding="utf-8"))
        return frame.substitute(asdict(self) | {"body": (STATIC / self.body).read_text(encoding="utf-8")})


OVERVIEW = Page("Revmark", "index.html", "page.js", "decisions", "decisions", "revmark status")
RECORD = Page("Record \u00b7 Revmark", "record.html", "record.js", "fields", "the fields", "revmark explain")
