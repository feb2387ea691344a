"""The pages as they are sent: one frame (head, top line), and the part of each between it.

In: the files beside the scripts. Out: HTML without any data of a deployment; the scripts fetch that as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from string import Template

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Page:
    """What differs between pages: `target` and `named` are what the skip link leads to, `command` shows the same.

    `name` is what the list of pages calls it; empty: it is not on it.
    """

    path: str
    name: str
    title: str
    file: str
    target: str
    named: str
    command: str

    @property
    def script(self) -> str:
        """The script that draws it."""
        return f"{self.file}.js"

    def html(self) -> str:
        """The whole page."""
        frame = Template((STATIC / "frame.html").read_text(encoding="utf-8"))
        return frame.substitute(
            title=self.title,
            script=self.script,
            target=self.target,
            named=self.named,
            command=self.command,
            pages="".join(_line(each, here=each is self) for each in PAGES if each.name),
            body=(STATIC / f"{self.file}.html").read_text(encoding="utf-8"),
        )


def _line(page: Page, *, here: bool) -> str:
    return f'<a href="{page.path}"{" aria-current=page" if here else ""}>{page.name}</a>'


OVERVIEW = Page("/", "Now", "Revmark", "now", "decisions", "decisions", "revmark status")
BOOKS = Page("/books", "Books", "Books \u00b7 Revmark", "books", "days", "the days", "revmark totals")
EARNED = Page(
    "/attribution",
    "Earnings",
    "Earnings \u00b7 Revmark",
    "attribution",
    "shares",
    "the shares",
    "revmark attribution",
)
FACTS = Page("/facts", "Facts", "Facts \u00b7 Revmark", "facts", "drifts", "what drifts", "revmark facts")
QUARANTINE = Page(
    "/quarantine", "Quarantine", "Quarantine \u00b7 Revmark", "quarantine", "held", "what is held",
    "revmark quarantine list",
)  # fmt: skip
SAID = Page("/said", "Log", "Log \u00b7 Revmark", "said", "words", "the deeds", "revmark audit")
RECORD = Page("/record", "", "Record \u00b7 Revmark", "record", "fields", "the fields", "revmark explain")
PAGES = (OVERVIEW, BOOKS, EARNED, FACTS, QUARANTINE, SAID, RECORD)
