from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Vernal
from vernal.ledger import Label, Outcomes
from vernal.store import Store
from vernal.transaction import holds

ID = "row 1.5"


def ids_of(store: Path) -> list[str]:
    return [record["id"] for record in Store(store).records()]


def test_rows_are_erased_and_it_is_told_from_where(vernal: Vernal, store: Path) -> None:
    first, second = ids_of(store)
    assert holds(store, [ID]) == [first, second]
    ran = vernal("erase", "--store", store, "--ids", f"{ID}, unknown", "--reason", "request of 3 May")
    assert ran.code == 0
    assert f"Memories that held one of these 2 ids: {first}, {second}." in ran.out
    assert f"Models that were trained with them, or descend from such: {first}, {second}." in ran.out
    assert holds(store, [ID]) == []
    entry = next(entry for entry in Store(store).entries() if entry.kind == "erase")
    assert entry.payload["reason"] == "request of 3 May"
    assert ID not in str(entry)


def test_a_dry_run_changes_nothing(vernal: Vernal, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_text(f"{ID}\n\nheld 2.3\n")
    ran = vernal("erase", "--store", store, "--ids-file", file, "--dry-run")
    assert ran.code == 0
    assert f"Memories that hold one of these 2 ids: {', '.join(ids_of(store))}." in ran.out
    assert "Nothing was erased." in ran.out
    assert f"Models that were trained with them, or descend from such: {', '.join(ids_of(store))}." in ran.out
    assert len(holds(store, [ID])) == 2


def test_rows_that_nobody_holds_are_no_error(vernal: Vernal, store: Path) -> None:
    ran = vernal("erase", "--store", store, "--ids", "unknown")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Memories that held one of these 1 ids: none.",
        "Models that were trained with them, or descend from such: none.",
    ]


@pytest.mark.parametrize("words", [[], ["--ids", " , "]])
def test_no_ids_are_a_mistake_in_the_command_line(words: list[str], vernal: Vernal, store: Path) -> None:
    ran = vernal("erase", "--store", store, *words)
    assert ran.code == 2
    assert "--ids A,B or --ids-file FILE" in ran.err


def test_a_file_that_cannot_be_read_is_told(vernal: Vernal, store: Path, tmp_path: Path) -> None:
    ran = vernal("erase", "--store", store, "--ids-file", tmp_path / "none.txt")
    assert ran.code == 1
    assert "--ids-file:" in ran.err
    assert "cannot be read" in ran.err


@pytest.fixture
def table(store: Path) -> Path:
    """A table that a loop has read, of a row that is in memory, and one that waits."""
    file = Store(store).inbox("main") / "rows.parquet"
    pq.write_table(pa.table({"key": [ID, "waiting"]}), file)
    return file


def test_rows_that_a_loop_has_read_are_erased_too(vernal: Vernal, store: Path, table: Path) -> None:
    opened = Store(store)
    Outcomes(opened.database(), opened.id).labelled([Label(ID, 1.0, 1)])
    dry = vernal("erase", "--store", store, "--ids", ID, "--id-column", "key", "--dry-run").out
    assert "Rows in tables that loops have read from streams: 1." in dry
    ran = vernal("erase", "--store", store, "--ids", ID, "--id-column", "key")
    assert ran.code == 0
    assert "Rows taken out of tables that loops have read from streams: 1." in ran.out
    assert "Predictions and late labels removed: 1." in ran.out
    assert pq.read_table(table).to_pydict() == {"key": ["waiting"]}


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["erased", "dry run"])
def test_tables_that_were_not_searched_are_told_with_what_to_do(
    vernal: Vernal, store: Path, table: Path, dry: list[str]
) -> None:
    told = "1 tables that loops have read from streams were not searched"
    ran = vernal("erase", "--store", store, "--ids", ID, *dry)
    assert f"{told}, and may hold the rows. Name their column of ids: --id-column NAME" in ran.out
    ran = vernal("erase", "--store", store, "--ids", ID, "--id-column", "customer", *dry)
    assert f"{told}: they have no column 'customer' of texts or whole numbers." in ran.out
    assert str(table) in ran.out
    assert pq.read_table(table).num_rows == 2
