from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, func, insert, select

from tests.store.doubles import race
from vernal.base import ConflictError, CorruptState, SchemaTooNew, StateError
from vernal.ledger import ConnectionLost, Database, schema
from vernal.ledger.tables import LOOPS, SCHEMA


def put(connection: Connection, *loops: str) -> None:
    for loop in loops:
        connection.execute(insert(LOOPS).values(store="s", loop=loop, generation=1, state="{}"))


def count(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(LOOPS)).scalar_one()


def test_what_is_written_is_there_for_others(database: Database, reopen: Callable[[], Database]) -> None:
    with database.writing() as connection:
        put(connection, "a")
    assert count(reopen()) == 1


def test_an_exception_undoes_all_of_a_transaction(database: Database, reopen: Callable[[], Database]) -> None:
    def fail(connection: Connection) -> None:
        put(connection, "a")
        raise KeyError

    with pytest.raises(KeyError), database.writing() as connection:
        fail(connection)
    assert count(database) == count(reopen()) == 0


def test_a_row_that_is_there_already_is_a_conflict(database: Database) -> None:
    with database.writing() as connection:
        put(connection, "a")
    with pytest.raises(ConflictError, match="has written the same row of .* first"), database.writing() as connection:
        put(connection, "b", "a")
    assert count(database) == 1


def test_who_reads_sees_one_moment_and_waits_for_nobody(database: Database, reopen: Callable[[], Database]) -> None:
    other = reopen()
    with other.reading() as reading:
        total = select(func.count()).select_from(LOOPS)
        assert reading.execute(total).scalar_one() == 0
        with database.writing() as writing:
            put(writing, "a")
        assert reading.execute(total).scalar_one() == 0
    assert count(other) == 1


def test_who_only_reads_cannot_write_on_postgresql(postgresql_url: str) -> None:
    with pytest.raises(StateError, match="can only be read"), Database(postgresql_url).reading() as connection:
        put(connection, "a")


def test_writers_take_turns_before_they_read(database: Database, reopen: Callable[[], Database]) -> None:
    def add(database: Database) -> None:
        for _ in range(10):
            with database.writing() as connection:
                found = connection.execute(select(func.count()).select_from(LOOPS)).scalar_one()
                put(connection, str(found))  # Would be a conflict if another one counted at the same time.

    threads = [threading.Thread(target=add, args=[one]) for one in (database, database, reopen(), reopen())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 40


def test_who_waits_too_long_for_the_turn_is_told(database: Database, database_url: str) -> None:
    count(database)
    impatient = Database(database_url, patience_seconds=0.01)
    message = "is locked by another process. Find the one that does not end"
    with database.writing(), pytest.raises(StateError, match=message), impatient.writing():
        pass
    with impatient.writing() as connection:
        put(connection, "a")


def test_threads_share_a_database_in_memory() -> None:
    database = Database("sqlite://")

    def add(name: str) -> None:
        for n in range(20):
            with database.writing() as connection:
                put(connection, f"{name}{n}")

    threads = [threading.Thread(target=add, args=[name]) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 60


def test_a_transaction_within_another_one_is_refused(database: Database) -> None:
    with database.writing() as connection:
        with pytest.raises(RuntimeError, match="This thread has a transaction of .* open"), database.reading():
            pass
        put(connection, "a")
    assert count(database) == 1


def test_two_databases_in_memory_are_two() -> None:
    first, second = Database("sqlite://"), Database("sqlite://")
    with first.writing() as connection:
        put(connection, "a")
    assert (count(first), count(second)) == (1, 0)


def test_it_can_be_opened_again_by_its_url(database: Database) -> None:
    with database.writing() as connection:
        put(connection, "a")
    assert count(Database(database.url)) == 1


def test_it_is_shown_without_its_password() -> None:
    database = Database("postgresql://ann:secret@db.example/fraud")
    assert repr(database) == "Database('postgresql://ann:***@db.example/fraud')"
    assert "secret" in database.url


def test_sqlite_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path}/ledger.db").reading() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        assert [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas] == ["wal", 2, 1]


def test_a_folder_is_made_and_one_that_cannot_be_is_told(tmp_path: Path) -> None:
    assert count(Database(f"sqlite:///{tmp_path}/new/folder/ledger.db")) == 0
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match=r"folder of the database .*/file/ledger.db cannot be made"):
        count(Database(f"sqlite:///{tmp_path}/file/ledger.db"))


def test_its_connections_are_closed_when_it_is_collected(database_url: str) -> None:
    database = Database(database_url)
    count(database)
    del database
    gc.collect()  # A connection left open would be a warning, and so an error.


# Other versions


def set_version(database: Database, version: int) -> None:
    with database.writing() as connection:
        connection.execute(SCHEMA.update().values(version=version))


def test_a_schema_of_a_later_version_is_not_guessed_at(database: Database, reopen: Callable[[], Database]) -> None:
    set_version(database, schema.current_version() + 1)
    with pytest.raises(SchemaTooNew, match=r"has schema 2, and this vernal knows up to 1. Run: pip install --upgrade"):
        count(reopen())


def test_an_earlier_schema_is_brought_up_to_date_step_by_step(
    database: Database, reopen: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(column: str) -> Callable[[Connection], None]:
        return lambda connection: connection.exec_driver_sql(f"ALTER TABLE vernal_loops ADD COLUMN {column} INTEGER")

    set_version(database, 1)
    monkeypatch.setattr(schema, "STEPS", [add("one")])
    count(reopen())
    monkeypatch.setattr(schema, "STEPS", [add("one"), add("two"), add("three")])
    for _ in range(2):
        with reopen().reading() as connection:
            connection.exec_driver_sql("SELECT one, two, three FROM vernal_loops")
            assert connection.execute(select(SCHEMA.c.version)).scalars().all() == [4]


def test_a_step_that_fails_changes_nothing(
    database: Database, reopen: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_version(database, 1)

    def half_done(connection: Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE vernal_loops ADD COLUMN one INTEGER")
        connection.exec_driver_sql("ALTER TABLE no_such_table ADD COLUMN one INTEGER")

    monkeypatch.setattr(schema, "STEPS", [half_done])
    with pytest.raises(StateError, match="no_such_table"):
        count(reopen())
    monkeypatch.undo()
    with reopen().reading() as connection, pytest.raises(Exception, match="one"):
        connection.exec_driver_sql("SELECT one FROM vernal_loops")


# Other processes

OPENING = """
import sys
from vernal.ledger import Database

print("ready", flush=True)
input()
with Database(sys.argv[1]).writing() as connection:
    print(connection.exec_driver_sql("SELECT version FROM vernal_schema").all())
"""


def test_several_processes_make_the_tables_at_once(database_url: str) -> None:
    assert race([[OPENING, database_url]] * 3) == ["[(1,)]\n"] * 3


FORKING = """
import os, sys
from vernal.ledger import Database

database = Database(sys.argv[1])
with database.writing() as connection:
    connection.exec_driver_sql("INSERT INTO vernal_loops VALUES ('s', 'parent', 1, '{}')")
child = os.fork()
with database.writing() as connection:
    connection.exec_driver_sql(f"INSERT INTO vernal_loops VALUES ('s', '{bool(child)}', 1, '{{}}')")
if not child:
    os._exit(0)  # As multiprocessing ends a child.
assert os.waitpid(child, 0)[1] == 0
with database.reading() as connection:
    print(connection.exec_driver_sql("SELECT loop FROM vernal_loops ORDER BY loop").scalars().all())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_opens_connections_of_its_own(database_url: str) -> None:
    command = [sys.executable, "-W", "error", "-c", FORKING, database_url]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr) == ("['False', 'True', 'parent']\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_database_in_memory_is_not_there_in_a_forked_process() -> None:
    program = FORKING.replace("child = os.fork()", "child = os.fork()\nif child: sys.exit(os.waitpid(child, 0)[1])")
    run = subprocess.run([sys.executable, "-c", program, "sqlite://"], capture_output=True, text=True, timeout=60)
    assert "StateError: A database in memory belongs to one process. Name a file" in run.stderr


# What fails


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"something else" * 100)
    with pytest.raises(CorruptState, match=r"ledger.db is no SQLite database. Name another file"):
        count(Database(f"sqlite:///{tmp_path}/ledger.db"))


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Database(f"sqlite:///{path}").writing() as connection:
        put(connection, "a")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    with pytest.raises(CorruptState, match="is damaged. Bring it back from a backup"):
        count(Database(f"sqlite:///{path}"))


def test_a_file_that_can_only_be_read_is_told(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path}/ledger.db").writing() as connection:
        put(connection, "a")
    read_only = Database(f"sqlite:///file:{tmp_path}/ledger.db?mode=ro&uri=true")
    assert count(read_only) == 1
    with (
        pytest.raises(StateError, match="can only be read. Give this process the right"),
        read_only.writing() as writing,
    ):
        put(writing, "b")


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/ledger.db")
    message = "cannot grow, because the disk is full. Make room"
    with database.reading() as connection:  # There is one connection, which keeps this limit, as a quota would.
        connection.exec_driver_sql("PRAGMA max_page_count = 20")
    with pytest.raises(StateError, match=message), database.writing() as connection:
        put(connection, "a" * 1_000_000)
    assert count(database) == 0


def test_a_server_that_is_not_there_is_told() -> None:
    message = r"No server answers at postgresql://ann:\*\*\*@127.0.0.1:1/fraud. Start it, or check the address"
    with pytest.raises(StateError, match=message):
        count(Database("postgresql://ann:secret@127.0.0.1:1/fraud"))


def test_a_wrong_password_is_told_and_not_repeated(postgresql_server: str) -> None:
    import psycopg

    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
    url = postgresql_server.replace("postgres:@", "guarded:wrong-secret@")
    with pytest.raises(StateError, match="does not let this user in. Check user and password") as caught:
        count(Database(url))
    assert "wrong-secret" not in str(caught.value) + str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("postgres:@", "nobody:@"), "does not let this user in"),
        (("/postgres?", "/nowhere?"), "does not exist on this server. Create it"),
    ],
)
def test_an_unknown_user_and_an_unknown_database_are_told(
    postgresql_server: str, change: tuple[str, str], message: str
) -> None:
    with pytest.raises(StateError, match=message):
        count(Database(postgresql_server.replace(*change)))


def test_a_user_who_must_not_make_tables_is_told(postgresql_url: str) -> None:
    with Database(postgresql_url).writing() as connection:
        connection.exec_driver_sql("CREATE ROLE reader LOGIN")
    with pytest.raises(StateError, match="does not allow this. Grant the user the right"):
        count(Database(postgresql_url.replace("postgres:@", "reader:@")))


def end_connection(url: str, pid: int) -> None:
    import psycopg

    with psycopg.connect(url.partition("&")[0]) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


def pid_of(connection: Connection) -> int:
    return connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()


def test_a_connection_that_breaks_in_the_middle_is_told_and_replaced(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    message = "whether the last change was written is not known"
    with pytest.raises(ConnectionLost, match=message), database.writing() as connection:
        end_connection(postgresql_url, pid_of(connection))
    assert count(database) == 0


def test_a_connection_that_broke_while_it_was_idle_is_replaced(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    with database.reading() as connection:
        pid = pid_of(connection)
    end_connection(postgresql_url, pid)
    assert count(database) == 0


def test_the_file_can_be_written_anew_unless_somebody_reads_all_the_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    database, other = Database(url, patience_seconds=0.01), Database(url)
    with database.writing() as connection:
        put(connection, "a secret")
        connection.execute(delete(LOOPS))
    with other.reading() as reading:
        reading.execute(select(LOOPS.c.loop)).all()
        with pytest.raises(ConflictError, match="is being read all the time, so that what was deleted"):
            database.compact()
    database.compact()
    assert count(other) == 0
    assert not any(b"a secret" in path.read_bytes() for path in tmp_path.iterdir())


def test_a_file_that_another_one_writes_cannot_be_written_anew(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    database, other = Database(url, patience_seconds=0.01), Database(url)
    with other.writing(), pytest.raises(StateError, match="is locked by another process"):
        database.compact()


def test_a_database_in_memory_and_a_server_have_nothing_to_write_anew(postgresql_url: str) -> None:
    for database in (Database("sqlite://"), Database(postgresql_url)):
        with database.writing() as connection:
            put(connection, "a")
        database.compact()
        assert count(database) == 1
