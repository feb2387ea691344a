"""Kafka's jars: fetched once from Maven Central, kept in the user's cache, shared by every start.

Invariant: a class path is handed out only when every jar of it arrived whole. The marker file is written last
and under a lock; a fetch that was cut short is thrown away and done again.
"""

import fcntl
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import EnvironmentBuilder, LinkStrategy
from jgo.maven import MavenContext

from streams.broker.errors import BrokerError
from streams.broker.progress import Progress, Step

__all__ = ["KAFKA_VERSION", "cache_folder", "class_path"]

KAFKA_VERSION = "4.3.0"  # the version of the compose file and of the tests
LOGGER = "org.slf4j:slf4j-simple:1.7.36"  # Kafka brings the SLF4J 1.7 interface and leaves its writer to us
COORDINATES = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+{LOGGER}"
FILES = 127  # descriptions and jars that version needs; only the bar depends on it
LOOK_EVERY = 0.2  # seconds between two looks at how many arrived: smooth for an eye, nothing for a disk


def cache_folder() -> Path:
    """Return Revmark's folder in the user's cache."""
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser() / "revmark"


def class_path(progress: Progress) -> str:
    """Return Kafka's class path, fetching the jars when this machine has never had them.

    Raises:
        BrokerError: they could not be fetched.
    """
    home = cache_folder() / f"kafka-{KAFKA_VERSION}"
    marker = home / "classpath"
    if (ready := _read(marker)) is not None:
        return ready
    home.parent.mkdir(parents=True, exist_ok=True)
    progress(Step(f"Fetching Apache Kafka {KAFKA_VERSION} (once, about 44 MB)", 0.0))
    with _lock(home.with_suffix(".lock")):
        if (ready := _read(marker)) is not None:  # another process fetched them while we waited
            return ready
        shutil.rmtree(home, ignore_errors=True)  # jgo trusts any file that is there, also half of one
        jars = _fetch(home, progress)
        text = os.pathsep.join(str(jar) for jar in jars)
        draft = marker.with_suffix(".new")
        draft.write_text(text)
        draft.replace(marker)
        return text


def _read(marker: Path) -> str | None:
    try:
        text = marker.read_text()
    except FileNotFoundError:
        return None
    return text if all(Path(jar).exists() for jar in text.split(os.pathsep)) else None


def _fetch(home: Path, progress: Progress) -> list[Path]:
    repository = home / "repository"
    mirrors = GlobalSettings.load().repositories  # a company's mirror, from jgo's own settings file
    builder = EnvironmentBuilder(
        context=MavenContext(repo_cache=repository, remote_repos={**mirrors, "central": MAVEN_CENTRAL_URL}),
        cache_dir=home / "environment",
        link_strategy=LinkStrategy.AUTO,
    )
    with _watched(repository, progress):
        try:
            jars: list[Path] = builder.from_endpoint(COORDINATES).all_jars
        except Exception as error:
            raise BrokerError(
                f"Apache Kafka {KAFKA_VERSION} could not be fetched from {MAVEN_CENTRAL_URL}: {error}. "
                "Nothing was started; the next start fetches again. Check the network or a proxy, "
                "name a mirror under [repositories] in ~/.config/jgo.conf, "
                "or set REVMARK_BROKER to a running Kafka."
            ) from error
    if not jars:
        raise BrokerError(f"Apache Kafka {KAFKA_VERSION} came without jars; remove {home} and start again.")
    return jars


@contextmanager
def _watched(repository: Path, progress: Progress) -> Iterator[None]:
    """Report how many files have arrived, from a thread, while the body fetches them."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_EVERY):
            arrived = sum(file.suffix in {".pom", ".jar"} for file in repository.rglob("*"))
            progress(Step(f"Fetching Apache Kafka {KAFKA_VERSION} (once, about 44 MB)", arrived / FILES))

    watcher = threading.Thread(target=look, name="kafka-jars", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
