"""The one page that people see who are not let in."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse

_PAGE = Path(__file__).parent / "away.html"


def turned_away(why: str, status: int, title: str = "Not signed in") -> HTMLResponse:
    """Say why, and where to try again. It shows nothing of a deployment."""
    page = Template(_PAGE.read_text(encoding="utf-8"))
    return HTMLResponse(page.substitute(title=escape(title), why=escape(why[:1].upper() + why[1:])), status)
