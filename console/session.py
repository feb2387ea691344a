"""One run of the command line: its settings, and the projection brought up to date.

Invariant: nothing is read or connected before a command asks for it, so that `--help` is quick and needs no settings.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from console import envfile
from console.output import moment, note
from console.projection.delivery import SHELVES, topics_of
from console.projection.store import Store
from schemas.errors import Transient
from streams.settings import Settings, load_settings

QUIET = 2.0  # seconds a command may take before it says what it is doing


@dataclass
class Session:
    """What the options before the command's name say."""

    env_file: Path | None = None
    verbose: bool = False

    @cached_property
    def settings(self) -> Settings:
        """The deployment's settings.

        Raises:
            SettingsError: they cannot be used.
        """
        return load_settings(self.env_file)

    @property
    def folder(self) -> Path:
        """Where the console keeps its projection."""
        return self.settings.state / "console"

    def keeper(self) -> Callable[[str], None] | None:
        """Xero's refresh token is used up by a reading; its successor goes where it came from, if that is the file."""
        path = envfile.path_of(self.env_file)
        present = self.settings.xero_refresh_token.get_secret_value()
        if not envfile.holds(path, "xero_refresh_token", present):
            return None

        def keep(successor: str) -> None:
            nonlocal present
            envfile.replace(path, "xero_refresh_token", present, successor)
            present = successor
            note(f"Xero's grant was renewed; its new refresh token is in {path}")

        return keep

    @contextmanager
    def projection(self, *shelves: str, offline: bool = False) -> Iterator[Store]:
        """The projection with these topics (all, if none is named) read to their ends, or as it is when offline.

        Raises:
            Transient: the broker does not answer; the message says what can still be read.
        """
        wanted = shelves or tuple(SHELVES)
        store = Store(self.folder, read_only=offline)
        try:
            if offline:
                as_of = store.as_of(wanted)
                note(f"offline: as of {moment(as_of)} UTC" if as_of else "offline: not all of this has been read yet")
            else:
                self._catch_up(store, wanted)
            yield store
        finally:
            store.close()

    def _catch_up(self, store: Store, wanted: tuple[str, ...]) -> None:
        from console.projection.follower import Follower  # noqa: PLC0415 - loads the Kafka client

        follower = Follower(self.settings.kafka, topics_of(self.settings), store, wanted)
        meter = Meter(f"reading {self.settings.broker}")
        try:
            asyncio.run(follower.catch_up(meter))
        except Transient as error:
            as_of = store.as_of(wanted)
            left = (
                f"What was read until {moment(as_of)} UTC is still there: add --offline to see it"
                if as_of
                else "Nothing has been read yet"
            )
            raise Transient(
                f"{error.message}. {left}. Next: start the broker (`revmark broker`) or set REVMARK_BROKER",
                code=error.code,
            ) from error
        finally:
            meter.close()


class Meter:
    """A progress line that appears when something takes longer than two seconds, on standard error."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._started = time.monotonic()
        self._progress: Progress | None = None
        self._said = False

    def __call__(self, done: int, total: int) -> None:
        """Hear how far it is."""
        if time.monotonic() - self._started < QUIET:
            return
        console = Console(stderr=True)
        if not console.is_terminal:
            if not self._said:
                note(f"{self._text}: {done} of {total} records so far")
                self._said = True
            return
        if self._progress is None:
            columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
            self._progress = Progress(*columns, console=console, transient=True)
            self._progress.start()
            self._progress.add_task(self._text, total=total)
        self._progress.update(self._progress.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        """Take the line away."""
        if self._progress is not None:
            self._progress.stop()


def session_of(context: typer.Context) -> Session:
    """The session of this run."""
    found = context.find_root().obj
    if not isinstance(found, Session):
        found = Session()
        context.find_root().obj = found
    return found


def quiet_logs(*, verbose: bool) -> None:
    """Keep libraries from logging what our own errors say better."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(name)s: %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.INFO if verbose else logging.CRITICAL)
