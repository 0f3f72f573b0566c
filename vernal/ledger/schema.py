"""Making the tables, and bringing those of an earlier version up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, insert, inspect, select, update

from vernal.base import SchemaTooNew
from vernal.ledger.tables import METADATA, SCHEMA

# Step n leads from schema n + 1 to n + 2, in plain SQL and never by what the tables of today are.
STEPS: Sequence[Callable[[Connection], None]] = ()


def current_version() -> int:
    """The schema that this vernal writes."""
    return 1 + len(STEPS)


def check_schema(connection: Connection, database: str) -> bool:
    """Whether the tables are there and up to date.

    Args:
        connection: reads.
        database: the address, as people may see it.

    Raises:
        SchemaTooNew: they were made by a later version of vernal.
    """
    version = _version(connection)
    if version is not None and version > current_version():
        raise SchemaTooNew(
            f"The database {database} has schema {version}, and this vernal knows up to {current_version()}. "
            "Run: pip install --upgrade vernal"
        )
    return version == current_version()


def bring_up_to_date(connection: Connection, database: str) -> None:
    """Make the tables, or change those of an earlier version step by step, within one transaction."""
    if check_schema(connection, database):
        return  # Another process has done it while this one waited for its turn.
    version = _version(connection)
    if version is None:
        METADATA.create_all(connection)
        connection.execute(insert(SCHEMA).values(version=current_version()))
        return
    for step in STEPS[version - 1 :]:
        step(connection)
    connection.execute(update(SCHEMA).values(version=current_version()))


def _version(connection: Connection) -> int | None:
    if not inspect(connection).has_table(SCHEMA.name):
        return None
    return int(connection.execute(select(SCHEMA.c.version)).scalar_one())
