"""Records are erased from every version: no file holds them, and everything else goes on."""

from __future__ import annotations

import contextlib
import itertools
import struct
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.store.doubles import FailingFiles
from tests.transaction.stream import CONFIG, bytes_of, copy_of, plan, write_config
from tests.transaction.test_failing import largest_file
from vernal.base import ConfigError, ConflictError, StateError, StateNotFound
from vernal.methods import ER
from vernal.store import Store, open_files
from vernal.transaction import Erasure, erase, holds, load_model, trained_on, update

# Row i of chunk n holds the number 1000 n + i + 0.5: eight bytes that no other file holds by chance.
TELLING = (
    CONFIG.replace("nn.Linear(features, width)", "Short(features, width)")
    + """

class Short(nn.Linear):
    def forward(self, x):
        return super().forward(x.float() / 1e4)


def data_module_fn(number: int, rows: int = 40, validation_rows: int = 12) -> DataModule:
    def chunk(part: str, first: int, count: int) -> Chunk:
        row = 1000.0 * number + first + torch.arange(count) + 0.5
        ids = [f"{part} {number}/{i}" for i in range(count)]
        x = row.double().reshape(-1, 1).repeat(1, 4)
        return Chunk.from_arrays(x, torch.arange(count) % 3, ids=ids)  # Without times: all columns of them are alike.

    return DataModule(train=chunk("train", 0, rows), validation=chunk("validation", 500, validation_rows))
"""
)
ERASED = ["train 1/3", "train 2/5", "validation 1/7"]
PAYLOADS = [struct.pack("<d", number) for number in (1003.5, 2005.5, 1507.5)]


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_config(tmp_path_factory.mktemp("telling"), TELLING)


@pytest.fixture(scope="module")
def lineage(telling: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three updates that keep every row; copy it before you write to it."""
    store = tmp_path_factory.mktemp("lineage") / "store"
    for number in (1, 2, 3):
        update(plan(telling, number, ER(memory_size=500)), store)
    return store


@pytest.fixture
def store(lineage: Path, tmp_path: Path) -> Path:
    return copy_of(lineage, f"{tmp_path.name} store")


def payloads_in(store: Path) -> list[bytes]:
    """Which payloads lie in any file of the store, unfinished work included."""
    everything = b"\0".join(path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file())
    return [payload for payload in PAYLOADS if payload in everything]


def test_no_file_holds_what_was_erased(store: Path) -> None:
    ids = [record["id"] for record in Store(store).records()]
    assert payloads_in(store) == PAYLOADS
    assert holds(store, ERASED) == ids
    done = erase(store, ERASED, reason="request 17")
    assert payloads_in(store) == []
    assert holds(store, ERASED) == []
    assert (done.updates, done.trained) == (tuple(ids), tuple(ids))
    assert Store(store).verify() == []


def test_the_journal_says_why_and_not_what(store: Path) -> None:
    erase(store, ERASED, reason="request 17")
    (entry,) = (entry for entry in Store(store).entries() if entry.kind == "erase")
    assert (entry.payload["reason"], entry.payload["count"]) == ("request 17", 3)
    journal = b"".join(path.read_bytes() for path in store.glob("ledger.db*"))
    assert not any(id.encode() in journal for id in ERASED)


def test_only_versions_that_hold_a_record_are_named(store: Path) -> None:
    ids = [record["id"] for record in Store(store).records()]
    assert erase(store, ["train 3/1"]).updates == (ids[2],)
    assert erase(store, ["train 2/1"]).updates == (ids[1], ids[2])
    assert erase(store, ["nobody"]).updates == ()


@pytest.mark.journey
def test_everything_goes_on_after_an_erasure(store: Path, telling: Path) -> None:
    champion, first = Store(store).champion, Store(store).records()[0]["id"]
    erase(store, ERASED)
    for grace in (timedelta(0), timedelta(days=14)):
        Store(store).gc(grace)
    for record in Store(store).records():
        load_model(store, telling, record["id"])
    fourth = update(plan(telling, 4, ER(memory_size=500)), store)
    assert fourth.record["memory"]["rows"] == 4 * 40 - 2
    Store(store).promote(first, expected=fourth.id)
    other = update(plan(telling, 5, ER(memory_size=500)), store)
    assert other.record["parent"] == first
    assert other.record["memory"]["rows"] == 2 * 40 - 1
    Store(store).promote(str(champion), expected=other.id)
    assert Store(store).verify() == []
    assert payloads_in(store) == []


def test_an_erasure_can_follow_another(store: Path, telling: Path) -> None:
    for id in ERASED:
        erase(store, [id])
    assert payloads_in(store) == []
    assert Store(store).verify() == []
    assert update(plan(telling, 4, ER(memory_size=500)), store).record["memory"]["rows"] == 4 * 40 - 2


def test_rows_that_were_replaced_by_others_are_erased_too(telling: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        update(plan(telling, number, ER(memory_size=10)), tmp_path)
    erase(tmp_path, [f"train {number}/{row}" for number in (1, 2, 3) for row in range(40)])
    erase(tmp_path, [f"validation {number}/{row}" for number in (1, 2, 3) for row in range(12)])
    everything = b"\0".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    numbers = [1000.0 * n + i + 0.5 for n in (1, 2, 3) for i in (*range(40), *range(500, 512))]
    assert not any(struct.pack("<d", number) in everything for number in numbers)
    assert Store(tmp_path).verify() == []
    assert update(plan(telling, 4, ER(memory_size=10)), tmp_path).record["memory"]["rows"] == 10


def test_what_an_update_left_unfinished_is_erased_too(tmp_path: Path, telling: Path) -> None:
    payload, id, store = struct.pack("<d", 4003.5), "train 4/3", tmp_path / "store"
    update(plan(telling, 3, ER(memory_size=500)), Store(store, ledger="files"))  # A database needs larger files.
    asked = plan(telling, 4, ER(memory_size=500), checkpoint_minutes=9)
    with largest_file(2_100), pytest.raises(StateError):  # Columns are written, and some are in the store already.
        update(asked, store)
    assert any(payload in path.read_bytes() for path in store.rglob("*") if path.is_file())
    assert erase(store, [id]).updates == ()
    assert not any(payload in path.read_bytes() for path in store.rglob("*") if path.is_file())


def test_an_erasure_does_not_begin_while_an_update_is_at_work(store: Path) -> None:
    before, found = bytes_of(store), Store(store)
    found.scratch("working")
    with (
        found.lock("working"),
        pytest.raises(ConflictError, match=r"^'working' is being worked on by .* Wait until it has finished"),
    ):
        erase(store, ERASED)
    assert bytes_of(store) == before
    erase(store, ERASED)
    assert payloads_in(store) == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_erasure_that_was_cut_off_is_completed_by_the_same_call(
    store: Path, lineage: Path, telling: Path, moment: str
) -> None:
    whole = erase(store, ERASED)
    for k in itertools.count(1):
        cut = copy_of(lineage, f"cut {moment}")
        failing = FailingFiles(open_files(cut), at=k, moment=moment)
        with contextlib.suppress(StateError):
            erase(Store(failing), ERASED)
        assert Store(cut).verify() == []
        assert erase(cut, ERASED) == whole
        assert payloads_in(cut) == []
        assert Store(cut).verify() == []
        if not failing.failed:
            break
    assert update(plan(telling, 4, ER(memory_size=500)), cut).promoted
    assert k > 20  # columns and indexes of six memories, the entry, the removals


@pytest.mark.parametrize("method", ["fine_tune", ER(memory_size=2)], ids=["nothing kept", "few kept"])
def test_models_that_learned_from_a_record_are_named_whether_or_not_it_was_kept(
    telling: Path, tmp_path: Path, method: Any
) -> None:
    first, second, third = (update(plan(telling, number, method), tmp_path).id for number in (1, 2, 3))
    everyone = [f"train 2/{row}" for row in range(40)]
    dropped = next(id for id in everyone if not holds(tmp_path, [id]))
    assert erase(tmp_path, [dropped]) == Erasure(updates=(), trained=(second, third))
    beside = update(plan(telling, 4, method), tmp_path, parent=first, promote=False).id
    assert trained_on(tmp_path, everyone) == [second, third]
    assert trained_on(tmp_path, ["train 1/0"]) == [first, second, third, beside]
    erase(tmp_path, everyone)
    assert erase(tmp_path, everyone).trained == (second, third)  # No record is left, and it is still known.


def test_rows_that_only_judged_have_taught_nothing(store: Path) -> None:
    ids = tuple(record["id"] for record in Store(store).records())
    assert erase(store, ["validation 1/7"]) == Erasure(updates=ids, trained=())


def test_ids_of_the_chunk_cost_sixteen_bytes_a_row_and_are_no_text(store: Path) -> None:
    (first, *_) = Store(store).records()
    artefact = first["artefacts"]["ids"]
    assert 40 * 16 < artefact["bytes"] < 40 * 16 + 400
    assert b"train 1" not in Store(store).blobs.get(artefact["blob"])


def test_a_chunk_without_ids_has_none_stored(tmp_path: Path) -> None:
    config = write_config(tmp_path / "project", TELLING.replace(", ids=ids)", ")"))
    assert "ids" not in update(plan(config, 1), tmp_path / "store").record["artefacts"]


@pytest.mark.parametrize("ask", [erase, holds, trained_on])
@pytest.mark.parametrize("ids", ["1-4", b"1-4"])
def test_one_text_is_no_list_of_ids(store: Path, ask: Callable[..., Any], ids: Any) -> None:
    with pytest.raises(ConfigError, match=r"of which every letter would be an id. Give a list: \[b?'1-4'\]"):
        ask(store, ids)


def test_there_must_be_a_store(tmp_path: Path) -> None:
    with pytest.raises(StateNotFound, match="There is no store at"):
        erase(tmp_path / "nowhere", ["train 1/3"])
