"""Rows are found in what was landed, and erased from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vernal.base import DataError, StateError
from vernal.sources import Found, erase_rows, find_rows


def put(inbox: Path, name: str, **columns: Any) -> str:
    pq.write_table(pa.table(columns), inbox / f"{name}.parquet")
    return str(inbox / f"{name}.parquet")


def ids_in(file: str) -> list[Any]:
    return list(pq.read_table(file).column("id").to_pylist())


def test_rows_are_erased_wherever_the_column_is(tmp_path: Path) -> None:
    one = put(tmp_path, "one", id=["a", "b", "a", None], x=[1.0, 2.0, 3.0, 4.0])
    two = put(tmp_path, "two", id=["c", "d"], x=[5.0, 6.0])
    other = put(tmp_path, "other", key=["a"])
    before = Path(two).stat()
    expected = Found(2, (one,), (other,))
    assert find_rows(tmp_path, ["a", "nobody"], "id") == expected
    assert erase_rows(tmp_path, ["a", "nobody"], "id") == expected
    assert pq.read_table(one).to_pydict() == {"id": ["b", None], "x": [2.0, 4.0]}
    assert Path(two).stat() == before  # What has none of them is not written.
    assert erase_rows(tmp_path, ["a", "nobody"], "id") == Found(unsearched=(other,))


@pytest.mark.parametrize(
    "values",
    [
        [7, 8],
        pa.array([7, 8], pa.uint8()),
        ["7", "8"],
        pa.array(["7", "8"], pa.large_string()),
        pa.array(["7", "8"]).dictionary_encode(),
        pa.array([7, 8, None]),
    ],
    ids=["int64", "uint8", "text", "large text", "dictionary", "gaps"],
)
def test_a_number_and_its_digits_are_one_id(values: Any, tmp_path: Path) -> None:
    file = put(tmp_path, "one", id=values)
    assert erase_rows(tmp_path, ["7"], "id").rows == 1
    assert "7" not in map(str, ids_in(file))
    assert pq.read_table(file).schema == pa.table({"id": values}).schema


@pytest.mark.parametrize("values", [[7.0, 8.0], [True, False], [b"7", b"8"]], ids=["decimal", "boolean", "bytes"])
def test_what_can_be_no_id_is_not_searched_and_that_is_said(values: Any, tmp_path: Path) -> None:
    file = put(tmp_path, "one", id=values)
    assert erase_rows(tmp_path, ["7", "7.0"], "id") == Found(unsearched=(file,))


def test_without_a_column_nothing_is_searched(tmp_path: Path) -> None:
    file = put(tmp_path, "one", id=["a"])
    assert erase_rows(tmp_path, ["a"], None) == find_rows(tmp_path, ["a"], None) == Found(unsearched=(file,))
    assert ids_in(file) == ["a"]


def test_a_column_without_any_value_holds_none(tmp_path: Path) -> None:
    put(tmp_path, "one", id=pa.nulls(2))
    put(tmp_path, "two", id=pa.array([], pa.string()))
    assert find_rows(tmp_path, ["a"], "id") == Found()


def test_a_table_may_lose_all_its_rows(tmp_path: Path) -> None:
    file = put(tmp_path, "one", id=["a", "a"], x=[1, 2])
    assert erase_rows(tmp_path, ["a"], "id").rows == 2
    assert pq.read_table(file).to_pydict() == {"id": [], "x": []}


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".kafka-0123.89abcdef.tmp"
    left.write_bytes(b"rows of a")
    assert erase_rows(tmp_path, ["a"], None) == Found()
    assert not left.exists()


def test_a_crash_leaves_the_table_of_before_and_the_same_call_again_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [put(tmp_path, name, id=["a", "b"]) for name in ("one", "two")]
    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", full)
        with pytest.raises(
            StateError, match=r"one.parquet could not be written anew: .*Make room there and do it again"
        ):
            erase_rows(tmp_path, ["a"], "id")
    assert [ids_in(file) for file in files] == [["a", "b"], ["a", "b"]]
    assert erase_rows(tmp_path, ["a"], "id").rows == 2
    assert sorted(map(str, tmp_path.iterdir())) == files


def full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_damaged_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "one.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"one.parquet cannot be read, so that nobody can tell which rows it holds"):
        erase_rows(tmp_path, ["a"], "id")
