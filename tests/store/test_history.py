"""Where the history of a store lies, and what is said if it is looked for elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import fsspec
import pytest

from tests.store.doubles import commit, make_record, race
from vernal.base import ConfigError, CorruptState, StateError
from vernal.ledger import Database, register_store
from vernal.store import Store


@pytest.fixture(autouse=True)
def _nothing_is_said_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VERNAL_LEDGER", raising=False)


@pytest.fixture
def remote(tmp_path: Path) -> str:
    fsspec.filesystem("memory").store.clear()
    return f"memory://{tmp_path.name}/store"


def marker(store: Store) -> dict[str, object]:
    return dict(json.loads(store._files.read("vernal.json")))


# Where it lies


def test_a_new_store_in_a_folder_has_a_database_in_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    commit(store, "a0")
    assert marker(store) == {"schema_version": 2, "id": store.id, "name": "store", "history": "embedded"}
    assert not (tmp_path / "store" / "journal").exists()
    assert store.ledger is None
    assert str(store.database()) == f"sqlite:///{tmp_path}/store/ledger.db"
    assert Store(tmp_path / "store").champion == "a0"


def test_a_new_store_elsewhere_has_files(remote: str) -> None:
    store = Store(remote)
    commit(store, "a0")
    assert (marker(store)["schema_version"], marker(store)["history"]) == (1, "files")
    assert [*store._files.list("journal")] == ["journal/00000001.json"]


def test_files_can_be_asked_for_in_a_folder(tmp_path: Path) -> None:
    commit(Store(tmp_path, ledger="files"), "a0")
    assert {path.name for path in tmp_path.iterdir()} >= {"journal", "vernal.json"}
    assert not (tmp_path / "ledger.db").exists()
    assert Store(tmp_path).ledger is None


def test_a_store_that_was_made_before_goes_on_with_its_files(tmp_path: Path) -> None:
    first = Store(tmp_path / "store", ledger="files")
    commit(first, "a0")
    path = tmp_path / "store" / "vernal.json"
    path.chmod(0o644)
    path.write_text('{"schema_version":1}')
    again = Store(tmp_path / "store")
    commit(again, "b0")
    assert (again.name, again.id) == ("store", Store(tmp_path / "store").id)
    assert len([*(tmp_path / "store" / "journal").iterdir()]) == 2
    assert not (tmp_path / "store" / "ledger.db").exists()


@pytest.mark.parametrize("where", ["folder", "remote"])
def test_many_stores_can_share_a_database(where: str, database_url: str, tmp_path: Path, remote: str) -> None:
    base = str(tmp_path) if where == "folder" else remote
    stores = [Store(f"{base}/{name}", ledger=database_url) for name in ("fraud", "spam")]
    for store, id in zip(stores, ("a0", "b0"), strict=True):
        commit(store, id)
    for name, id in {"fraud": "a0", "spam": "b0"}.items():
        again = Store(f"{base}/{name}", create=False, ledger=database_url)
        assert (again.champion, again.verify(), again.head().number) == (id, [], 1)
        assert [*again._files.list("journal")] == []


def test_the_marker_has_no_address_and_no_password(database_url: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "store", ledger=database_url)
    assert marker(store) == {
        "schema_version": 2, "id": store.id, "name": "store", "history": database_url.partition(":")[0],
    }  # fmt: skip


def test_what_another_process_must_be_told_opens_the_store(database_url: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "store", ledger=Database(database_url))
    commit(store, "a0")
    assert Store(store.url, create=False, ledger=store.ledger).champion == "a0"


def test_the_environment_names_the_database_of_stores_that_need_one(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded, files = Store(tmp_path / "embedded"), Store(tmp_path / "files", ledger="files")
    monkeypatch.setenv("VERNAL_LEDGER", database_url)
    commit(Store(tmp_path / "new"), "a0")
    assert Store(tmp_path / "new").champion == "a0"
    assert Store(tmp_path / "new").database().url == Database(database_url).url
    assert Store(embedded.url).database().url != Database(database_url).url
    assert Store(files.url).ledger is None


def test_there_is_a_database_for_whatever_else_is_to_be_kept(tmp_path: Path, database_url: str, remote: str) -> None:
    assert Store(tmp_path / "a", ledger=database_url).database().url == Database(database_url).url
    assert Store(remote, ledger=database_url).database().url == Database(database_url).url
    in_files = Store(tmp_path / "b", ledger="files")
    assert str(in_files.database()) == f"sqlite:///{tmp_path}/b/ledger.db"
    register_store(in_files.database(), in_files.id, "b")
    commit(Store(tmp_path / "b"), "a0")
    assert [path.name for path in (tmp_path / "b" / "journal").iterdir()] == ["00000001.json"]


def test_there_is_no_database_beside_files_on_an_object_store(remote: str) -> None:
    with pytest.raises(ConfigError, match=r"has its history in files, .* Make a store there with `--ledger postgresql"):
        Store(remote).database()


# What is refused


def test_a_database_that_was_not_named_is_asked_for(database_url: str, tmp_path: Path) -> None:
    Store(tmp_path / "store", ledger=database_url)
    kind = database_url.partition(":")[0]
    with pytest.raises(
        ConfigError, match=rf"lies in a database \({kind}\) that was not named. Name it: .*VERNAL_LEDGER"
    ):
        Store(tmp_path / "store")


@pytest.mark.parametrize(
    ("made", "asked", "message"),
    [
        ("files", "embedded", r"lies in files beside it; leave `ledger` out, and not where `ledger` says, 'embedded'"),
        ("files", "sqlite:///x.db", r"lies in files beside it; .*, and not in sqlite:///.*x.db"),
        ("embedded", "files", r"lies in its own ledger.db; leave `ledger` out, and not where `ledger` says, 'files'"),
        ("sqlite:///{}/x.db", "files", r"lies in sqlite, and not where `ledger` says, 'files'"),
        ("sqlite:///{}/x.db", "embedded", r"lies in sqlite, and not where `ledger` says, 'embedded'"),
    ],
)
def test_a_history_that_lies_elsewhere_is_not_begun_again(tmp_path: Path, made: str, asked: str, message: str) -> None:
    Store(tmp_path / "store", ledger=made.format(tmp_path))
    with pytest.raises(ConfigError, match=message):
        Store(tmp_path / "store", ledger=asked)


def test_no_database_can_be_embedded_in_an_object_store(remote: str) -> None:
    with pytest.raises(ConfigError, match="A database cannot be embedded in memory://.* name a PostgreSQL database"):
        Store(remote, ledger="embedded")
    with pytest.raises(ConfigError, match="There is no ledger on 'mysql'"):
        Store(remote, ledger="mysql://here/fraud")
    assert Store(remote).ledger is None  # Nothing was made by those who were refused.


def test_a_database_without_the_history_is_not_taken_for_an_empty_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", ledger=f"sqlite:///{tmp_path}/right.db")
    commit(store, "a0")
    with pytest.raises(CorruptState, match=rf"is store {store.id}, and the database .*wrong.db has no history of it"):
        Store(tmp_path / "store", ledger=f"sqlite:///{tmp_path}/wrong.db")


def test_a_lost_database_is_not_taken_for_an_empty_store(tmp_path: Path) -> None:
    commit(Store(tmp_path / "store"), "a0")
    for path in (tmp_path / "store").glob("ledger.db*"):
        path.unlink()
    with pytest.raises(CorruptState, match=r"ledger.db has no history of it. .*or bring it back from a backup"):
        Store(tmp_path / "store")


def test_a_store_whose_first_update_was_killed_is_empty_still(tmp_path: Path) -> None:
    make_record(Store(tmp_path / "store"), "a0")
    assert Store(tmp_path / "store").champion is None


def test_a_later_version_is_named_where_an_earlier_one_would_see_no_history(tmp_path: Path) -> None:
    """Vernal 0.1 reads schema 1 only: it refuses such a store instead of beginning another history."""
    assert marker(Store(tmp_path / "store"))["schema_version"] == 2


# Copies and damage


@pytest.mark.parametrize("open_still", [True, False])
def test_a_folder_that_nobody_writes_to_can_be_copied(tmp_path: Path, open_still: bool) -> None:
    store = Store(tmp_path / "store")
    for id in ("a0", "b0"):
        commit(store, id)
    if not open_still:
        del store
    shutil.copytree(tmp_path / "store", tmp_path / "copy")
    copy = Store(tmp_path / "copy")
    assert (copy.champion, copy.verify(), copy.head().number) == ("b0", [], 2)
    commit(copy, "c0")
    assert Store(tmp_path / "store").champion == "b0"


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str], list[str]]:
    """What is found after a statement was executed behind the store's back."""

    def run(statement: str) -> list[str]:
        store = Store(tmp_path / "store")
        for id in ("a0", "b0"):
            commit(store, id)
        with closing(sqlite3.connect(tmp_path / "store" / "ledger.db")) as connection, connection:
            connection.execute(statement)
        return [str(problem) for problem in store.verify()]

    return run


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM vernal_journal WHERE number = 1", "of the 2 entries of store .* are missing"),
        ("UPDATE vernal_journal SET data = x'00' WHERE number = 1", "entry 1 of store .* is damaged"),
        ("UPDATE vernal_journal SET data = (SELECT data FROM vernal_journal) WHERE number = 2", "holds entry 1"),
    ],
)
def test_changed_rows_are_found(changed: Callable[[str], list[str]], statement: str, problem: str) -> None:
    (found,) = changed(statement)
    assert found.startswith("journal: The journal is broken")
    assert re.search(problem, found)


def test_a_damaged_database_is_found(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    commit(store, "a0")
    del store
    path = tmp_path / "store" / "ledger.db"
    data = bytearray(path.read_bytes())
    path.write_bytes(data[:4096] + bytes(len(data) - 4096))
    with pytest.raises(CorruptState, match=r"ledger.db.* is damaged. Bring it back from a backup"):
        Store(tmp_path / "store")
    path.write_bytes(data[:-4096] + bytes(4096))  # A page that nothing has been written to yet.
    assert any("ledger.db" in str(problem) for problem in Store(tmp_path / "store").verify())


OPENING = """
import sys
from vernal.store import Store

print("ready", flush=True)
input()
print(Store(sys.argv[1], ledger=sys.argv[2] or None).id)
"""


@pytest.mark.parametrize("ledger", ["embedded", "shared"])
def test_processes_that_make_the_same_store_agree(ledger: str, tmp_path: Path, database_url: str) -> None:
    url = database_url if ledger == "shared" else ""
    first, *others = race([[OPENING, str(tmp_path / "store"), url]] * 3)
    assert others == [first, first]


@pytest.mark.parametrize("open_still", [True, False])
def test_a_folder_that_can_only_be_read_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_still: bool
) -> None:
    store = Store(tmp_path / "store")
    for id in ("a0", "b0"):
        commit(store, id)
    if not open_still:
        del store
    shutil.copytree(tmp_path / "store", tmp_path / "mounted")
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path / "mounted")
    mounted = Store(tmp_path / "mounted", create=False)
    assert (mounted.champion, mounted.version("champion"), mounted.verify()) == ("b0", "1.1", [])
    with pytest.raises(StateError, match=r"can only be read. Give this process the right to write"):
        mounted.promote("a0", expected="b0")
