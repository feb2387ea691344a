"""Answers of assistants, as sentences.

In: free text, also with Markdown. Out: its sentences, each as a person would quote it. Pure: nothing is
understood here, and no letter of a sentence is changed but the marks of Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

WRAPPED = 60  # letters of a line that a paragraph may have been broken after
_BULLET = re.compile(r"^\s*(?:[-*+\u2022]|\d{1,2}[.)]|#{1,6}|>)\s+")
_LINK = re.compile(r"\[([^\]\n]+)\]\((\S+?)\)")
_END = re.compile(r"(?<=[.!?])[\"'\u201d\u2019)\]]*\s+(?=[\"'\u201c(\[]?[^\W_a-z])")
# What ends with a full stop and no sentence, unless a word that begins one follows.
_SHORT = re.compile(
    r"(?:\b(?:ltd|inc|co|corp|pty|st|rd|ave|str|no|nos|approx|tel|e\.g|i\.e|mr|mrs|ms|dr|vs|bros)|\b[^\W\d_])\.$",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"(?:The|It|Its|They|Their|This|These|Our|We|You|A|An|In|Is|For)\b")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an assistant said; `about` is the record that it was asked about, where that is known."""

    text: str
    about: str = ""
    assistant: str = ""


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text; a line of a list, a table or a heading is one at least."""
    for block in _blocks(text):
        pending = ""
        for piece in _END.split(block):
            if pending and (not _SHORT.search(pending) or _BEGINS.match(piece)):
                yield pending
                pending = ""
            pending = f"{pending} {piece}".strip()
        if pending:
            yield pending


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs and lines of lists, without Markdown. A line that was broken for its width goes on."""
    block, last = "", ""
    for raw in text.splitlines():
        line = _plain(_BULLET.sub("", raw))
        goes_on = len(last) >= WRAPPED and not last.endswith((".", "!", "?", ":", "|")) and not _BULLET.match(raw)
        if block and (not line or not goes_on):
            yield block
            block = ""
        block, last = f"{block} {line}".strip(), line
    if block:
        yield block


def _plain(line: str) -> str:
    text = _LINK.sub(r"\1 (\2)", line)
    text = re.sub(r"\*\*|__|`", "", text)
    return re.sub(r"\s+", " ", text).strip().strip("|").strip()
