"""What databases say when something fails, and what it means to the one who reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from vernal.base import ConflictError, CorruptState, StateError


class ConnectionLost(StateError):
    """The server went away in the middle: whether the change was written is not known."""


# By the beginning of SQLite's names of its errors.
_SQLITE: dict[str, tuple[type[StateError], str]] = {
    "SQLITE_BUSY": (StateError, "is locked by another process. Find the one that does not end its transaction"),
    "SQLITE_LOCKED": (StateError, "is locked by another process. Find the one that does not end its transaction"),
    "SQLITE_READONLY": (StateError, "can only be read. Give this process the right to write the file and its folder"),
    "SQLITE_CANTOPEN": (StateError, "cannot be opened. Check that the folder exists and can be written to"),
    "SQLITE_PERM": (StateError, "cannot be opened. Check the rights of the file"),
    "SQLITE_FULL": (StateError, "cannot grow, because the disk is full. Make room and run it again"),
    "SQLITE_IOERR": (StateError, "cannot be read or written. Check the disk; SQLite needs a local one"),
    "SQLITE_CORRUPT": (CorruptState, "is damaged. Bring it back from a backup"),
    "SQLITE_NOTADB": (CorruptState, "is no SQLite database. Name another file, or bring it back from a backup"),
}
# By the beginning of PostgreSQL's SQLSTATE.
_POSTGRESQL: dict[str, tuple[type[StateError], str]] = {
    "28": (StateError, "does not let this user in. Check user and password"),
    "3D": (StateError, "does not exist on this server. Create it, or name another one"),
    "42501": (StateError, "does not allow this. Grant the user the right to create and write tables"),
    "3F": (StateError, "does not allow this. Grant the user the right to use a schema"),
    "25006": (StateError, "can only be read. Name the primary server, not a replica"),
    "53100": (StateError, "cannot grow, because the disk is full. Make room and run it again"),
    "53300": (StateError, "has no connection left. Allow more of them, or run fewer processes"),
    "55P03": (StateError, "is locked by another process. Find the one that does not end its transaction"),
    "40": (ConflictError, "had to undo this, because another process changed the same rows. Run it again"),
    "XX": (CorruptState, "is damaged. Bring it back from a backup"),
}
# psycopg gives no SQLSTATE where no connection came about.
_REFUSED = {
    r"authentication failed|no password supplied|no pg_hba.conf entry|role .* does not exist": "28",
    r"database .* does not exist": "3D",
    r"too many clients": "53300",
}


@contextmanager
def told_clearly(database: str) -> Iterator[None]:
    """Turn what a driver raises into errors of vernal.

    Args:
        database: the address of the database as people may see it.

    Raises:
        ConflictError: another process has written the same row first.
        ConnectionLost: the server went away in the middle.
        CorruptState: the file is damaged.
        StateError: anything else that a database can say.
    """
    try:
        yield
    except IntegrityError as error:
        raise ConflictError(
            f"Another process has written the same row of {database} first. Look at the new state and run it again."
        ) from error
    except DBAPIError as error:
        raise _translated(error, database) from error
    except NoConnectionLeft as error:
        raise StateError(f"{database} is used by too many threads of this process at once. Use fewer.") from error


def _translated(error: DBAPIError, database: str) -> StateError:
    found = _by_code(_SQLITE, getattr(error.orig, "sqlite_errorname", None)) or _by_code(_POSTGRESQL, _state(error))
    if found is not None:
        kind, what = found
        return kind(f"The database {database} {what}. It says: {_first_line(error)}")
    if error.connection_invalidated:
        return ConnectionLost(
            f"The connection to {database} was lost; whether the last change was written is not known. "
            "Look at the new state and run it again."
        )
    if isinstance(error, OperationalError) and _is_postgresql(error) and _state(error) is None:
        return StateError(
            f"No server answers at {database}. Start it, or check the address. It says: {_first_line(error)}"
        )
    return StateError(f"The database {database} refused. It says: {_first_line(error)}")


def _by_code(table: dict[str, tuple[type[StateError], str]], code: str | None) -> tuple[type[StateError], str] | None:
    return next((found for start, found in table.items() if code is not None and code.startswith(start)), None)


def _state(error: DBAPIError) -> str | None:
    """The SQLSTATE, from the driver or, where it has none, from the text."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None and _is_postgresql(error):
        state = next((code for words, code in _REFUSED.items() if re.search(words, str(error.orig))), None)
    return state


def _is_postgresql(error: DBAPIError) -> bool:
    return type(error.orig).__module__.partition(".")[0] == "psycopg"


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]
