"""Free TCP ports on this machine, and whether a Kafka listens on one.

Ports are taken below the kernel's ephemeral range: one above it may be lent to an outgoing connection while a
broker restarts, and a client that redials such a port can even connect to itself.
"""

import secrets
import socket
import struct
from contextlib import ExitStack

from streams.broker.errors import BrokerError

__all__ = ["brokers_known", "free_ports", "is_free"]

LOWEST, HIGHEST = 15_000, 32_000  # below Linux's ephemeral ports (32768) and macOS's (49152)
ATTEMPTS = 200  # more than enough on a machine that has any port left
ANSWER_WITHIN = 2.0  # seconds one question to a broker may take
METADATA, METADATA_VERSION = 3, 1  # the oldest form every Kafka since 0.10 answers


def is_free(port: int) -> bool:
    """Return whether nothing listens on this local port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Kafka does: TIME_WAIT is not in use
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Return so many different free ports, held together while looking so that none is given twice.

    Raises:
        BrokerError: there are not so many.
    """
    found: list[int] = []
    with ExitStack() as held:
        for _ in range(ATTEMPTS * count):
            if len(found) == count:
                break
            port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
            probe = held.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    if len(found) < count:
        raise BrokerError(f"No {count} free ports between {LOWEST} and {HIGHEST}; nothing was started.")
    return found


def brokers_known(port: int) -> int:
    """Return how many brokers the one on this port knows to be up: 0 when none answers.

    A port that is open is not a broker that answers; this asks for the cluster's metadata.
    """
    client = b"revmark"
    body = struct.pack(">hhih", METADATA, METADATA_VERSION, 1, len(client)) + client + struct.pack(">i", 0)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WITHIN) as link:
            link.sendall(struct.pack(">i", len(body)) + body)
            (size,) = struct.unpack(">i", _read(link, 4))
            answer = _read(link, size)
    except (OSError, EOFError):
        return 0
    brokers: int = struct.unpack_from(">i", answer, 4)[0]  # after the correlation id
    return brokers


def _read(link: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = link.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return parts
