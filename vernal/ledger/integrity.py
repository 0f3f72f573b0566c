"""Whether the file of a database is what was written."""

from __future__ import annotations

from vernal.ledger.database import Database


def damage(database: Database) -> list[str]:
    """What SQLite finds wrong with its file, by reading all of it. PostgreSQL checks its own files.

    Examples:
        >>> damage(Database("sqlite://"))
        []
    """
    with database.reading() as connection:
        if connection.dialect.name != "sqlite":
            return []
        found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    return [] if found == ["ok"] else found
