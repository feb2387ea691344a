"""The tables of the projection, and the version that says when they must be made anew.

Columns are what is filtered and sorted by; `body` is the record as it stood on its topic. Amounts stay in `body`, as
text: SQLite would add them as floats.
"""

from __future__ import annotations

import sqlite3

VERSION = 10  # raised with every change below: a file of another version is filled anew from the topics

_COLUMNS = {
    "decisions": "tenant, customer, entity, record, label, field, ruling, rule, command, at",
    "ledger": "tenant, connection, customer, entity, record, ref, command, platform, side, state, at",
    "totals": "tenant, day, currency, subsidiary, side",
    "variances": "tenant, day, currency, document, number, kind, state, at",
    "events": "tenant, customer, customer_name, type, document, number, currency, day, at",
    "quarantine": "topic, partition, offset, reason, about, raw, at",
    "settlements": "state, who, returned, at",
    "edits": "who, at",
    "connections": "until",
    "states": "drawer, record",
    "brakes": "tenant, connection, entity, rule, state, at",
    "readings": "tenant, connection, what, kind, state, at",
    "deeds": "tenant, who, what, state, at",
    "signatures": "tenant, night, who, at",
    "nights": "tenant, night, at",
}
_INDEXES = {
    "decisions": ("at", "record", "ruling"),
    "ledger": ("at", "record", "state"),
    "totals": ("day",),
    "variances": ("state", "at"),
    "events": ("at", "customer"),
    "quarantine": ("at", "about"),
    "settlements": ("returned",),
    "edits": (),
    "connections": (),
    "states": ("record",),
    "brakes": ("state",),
    "readings": (),
    "deeds": ("at",),
    "signatures": ("night",),
    "nights": ("night",),
}
_PLACE = " PRIMARY KEY (topic, partition, offset))"
_OTHERS = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE offsets (topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, partition))",
    "CREATE TABLE labels (id TEXT PRIMARY KEY, label TEXT NOT NULL)",
    "CREATE TABLE names (owner TEXT NOT NULL, record TEXT NOT NULL, name TEXT NOT NULL)",
    "CREATE INDEX names_owner ON names (owner)",
    "CREATE INDEX names_name ON names (name)",
    "CREATE TABLE pulse (stop TEXT, bucket INTEGER, count INTEGER NOT NULL, PRIMARY KEY (stop, bucket))",
    "CREATE TABLE unreadable (topic TEXT, partition INTEGER, offset INTEGER, reason TEXT," + _PLACE,
)

TABLES: dict[str, tuple[str, ...]] = {
    name: tuple(column.strip() for column in columns.split(",")) for name, columns in _COLUMNS.items()
}


def statements() -> list[str]:
    """Every statement that makes the empty projection."""
    made = list(_OTHERS)
    for name, columns in TABLES.items():
        kept = ", ".join(columns)
        made.append(
            f"CREATE TABLE {name} (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, {kept},"
            " body TEXT NOT NULL)"
        )
        made += [f"CREATE INDEX {name}_{column} ON {name} ({column})" for column in _INDEXES[name]]
    return made


def make(connection: sqlite3.Connection) -> None:
    """Empty the file and make the tables, inside the caller's transaction; the generation goes up by one."""
    following = generation(connection) + 1
    there = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    for (name,) in there:
        connection.execute(f'DROP TABLE "{name}"')
    for statement in statements():
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('generation', ?)", (str(following),))
    connection.execute(f"PRAGMA user_version = {VERSION}")


def generation(connection: sqlite3.Connection) -> int:
    """How often the file was made anew: whoever fills it notices when another process emptied it."""
    try:
        found = connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
    except sqlite3.OperationalError:  # an empty file
        return 0
    return 0 if found is None else int(found[0])


def version(connection: sqlite3.Connection) -> int:
    """The version the file was made with; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
