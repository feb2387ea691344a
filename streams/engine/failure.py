"""How a failure ends the process: said once, in words, with a non-zero exit code, and nothing committed."""

import logging
import os
import sys
import threading

from streams.engine.errors import DeliveryFailed, FolderRefused, Misconfigured

__all__ = ["EXIT_CODE", "log", "quieten", "say_and_arm"]

EXIT_CODE = 70  # EX_SOFTWARE: an internal error; the process manager starts the worker again
LEAVE_WITHIN = 8.0  # seconds an orderly stop gets (leaving the group, closing stores) before it is cut short

log = logging.getLogger("streams.engine.worker")


SAY_AGAIN_AFTER = 30.0  # seconds between two reports of the same trouble
REPETITIVE = ("aiokafka", "aiokafka.conn", "aiokafka.consumer.fetcher", "aiokafka.producer.sender", "aiokafka.cluster")
LIBRARIES = ("faust", "mode", "aiokafka", "streams.engine")  # the last: Faust logs in the name of our subclasses


class Once(logging.Filter):
    """Lets a message through once in a while: a broker that is away is said ten times a second otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether this message was not said lately, whatever its details."""
        text = str(record.msg)
        if record.created - self._said.get(text, 0.0) < SAY_AGAIN_AFTER:
            return False
        self._said[text] = record.created
        return True


def quieten() -> None:
    """Let the libraries below speak only when something is wrong, unless debugging is on."""
    if logging.getLogger().getEffectiveLevel() > logging.DEBUG:
        for library in LIBRARIES:
            logging.getLogger(library).setLevel(logging.WARNING)
        # It warns of every rebalance, and takes the first question for a group's coordinator for a failure.
        logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.CRITICAL)
        for talker in REPETITIVE:
            logging.getLogger(talker).addFilter(Once())
        log.setLevel(logging.INFO)


def say_and_arm(where: str, error: BaseException) -> None:
    """Log what ended the worker, and make sure that it does end.

    What the disk or the broker refuses, or the worker's own settings, is no fault of the program: where it was noticed
    helps nobody.
    """
    if isinstance(error, FolderRefused):
        log.critical("%s", error)
    elif isinstance(error, DeliveryFailed):
        log.critical("%s The worker stops; start it again.", error)
    else:
        log.critical(
            "%s failed: %s: %s. The worker stops; what was not committed is read again at the next start.",
            where,
            type(error).__name__,
            str(error).rstrip("."),
            exc_info=None if isinstance(error, Misconfigured) else error,
        )
    for library in (*LIBRARIES, "asyncio"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)  # they would say the same, many times
    cut = threading.Timer(LEAVE_WITHIN, _cut_short)
    cut.daemon = True
    cut.start()


def _cut_short() -> None:
    sys.stderr.flush()
    os._exit(EXIT_CODE)
