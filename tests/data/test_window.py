"""Several files are one chunk, whatever types each was written with."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import csv, parquet

from vernal.base import DataError
from vernal.data import Chunk, Window, chunk_from_table, id_digests

COLUMNS: dict[str, Any] = {"target": "late", "id_column": "flight", "time_column": "departure"}


def write(path: Path, /, **columns: Any) -> str:
    """A table, in the kind of file that its name says."""
    table = pa.table(columns)
    if path.suffix == ".parquet":
        parquet.write_table(table, path)
    else:
        csv.write_csv(table, path)
    return str(path)


def flights(number: int) -> dict[str, Any]:
    """Two rows a day."""
    return {
        "flight": [f"{number}a", f"{number}b"],
        "departure": [86400.0 * number, 86400.0 * number + 1],
        "distance": [100.0 + number, 200.0 + number],
        "seats": [50, 60],
        "late": [0, 1],
    }


def test_files_of_several_kinds_are_one_chunk_in_their_order(tmp_path: Path) -> None:
    files = write(tmp_path / "1.parquet", **flights(1)), write(tmp_path / "2.csv", **flights(2))
    chunk = Window(files).chunk(**COLUMNS)
    assert torch.stack([x for x, _ in chunk]).tolist() == [[101, 50], [201, 60], [102, 50], [202, 60]]
    assert chunk.labels is not None
    assert chunk.labels.tolist() == [0, 1, 0, 1]
    assert torch.equal(chunk.ids, id_digests(["1a", "1b", "2a", "2b"]))
    assert chunk.time_span == (86400.0, 172801.0)


def test_a_chunk_is_called_like_its_window_or_like_its_last_file(tmp_path: Path) -> None:
    files = write(tmp_path / "1.csv", **flights(1)), write(tmp_path / "2.csv", **flights(2))
    assert Window(files).chunk(**COLUMNS).name == "2.csv"
    assert Window(files, name="november").chunk(**COLUMNS).name == "november"


def test_the_same_rows_in_other_files_are_the_same_data(tmp_path: Path) -> None:
    """An update is named by what it learns, and not by where that lay."""
    one, two = write(tmp_path / "1.csv", **flights(1)), write(tmp_path / "2.csv", **flights(2))
    both = {name: [*flights(1)[name], *flights(2)[name]] for name in flights(1)}
    together = write(tmp_path / "both.parquet", **both)
    assert Window((one, two)).chunk(**COLUMNS).fingerprint == Window((together,)).chunk(**COLUMNS).fingerprint
    assert Window((two, one)).chunk(**COLUMNS).fingerprint != Window((together,)).chunk(**COLUMNS).fingerprint


def test_features_do_not_depend_on_the_order_of_columns(tmp_path: Path) -> None:
    turned = {name: flights(1)[name] for name in reversed(flights(1))}
    straight = Window((write(tmp_path / "a.csv", **flights(1)),)).chunk(**COLUMNS)
    assert Window((write(tmp_path / "b.csv", **turned),)).chunk(**COLUMNS).fingerprint == straight.fingerprint


def test_features_that_are_named_stand_in_that_order(tmp_path: Path) -> None:
    chunk = Window((write(tmp_path / "a.csv", **flights(1)),)).chunk(**COLUMNS, features=["seats", "distance"])
    assert chunk[0][0].tolist() == [50, 101]


def test_a_column_that_a_file_lacks_is_unknown_there(tmp_path: Path) -> None:
    without = {name: values for name, values in flights(2).items() if name != "seats"}
    files = write(tmp_path / "1.parquet", **flights(1)), write(tmp_path / "2.parquet", **without)
    x = torch.stack([x for x, _ in Window(files).chunk(**COLUMNS)])
    assert x[:2, 1].tolist() == [50, 60]
    assert x[2:, 1].isnan().all()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([1, 2], [1.5, None], [1, 2, 1.5, np.nan]),
        ([1, 2], pa.nulls(2), [1, 2, np.nan, np.nan]),
        (pa.nulls(2), pa.nulls(2), [np.nan] * 4),
        ([True, False], pa.nulls(2), [1, 0, np.nan, np.nan]),
        ([True, None], [None, False], [1, np.nan, np.nan, 0]),
        (pa.array([1, 2], pa.int8()), [300, 400], [1, 2, 300, 400]),
    ],
)
def test_numbers_of_different_types_are_numbers(tmp_path: Path, one: Any, other: Any, expected: list[float]) -> None:
    files = tuple(
        write(tmp_path / f"{number}.parquet", **flights(number) | {"seats": seats})
        for number, seats in enumerate([one, other])
    )
    x = torch.stack([x for x, _ in Window(files).chunk(**COLUMNS)])
    np.testing.assert_array_equal(x[:, 1], np.array(expected))


def test_ids_that_look_like_numbers_in_one_file_are_those_that_are_texts_in_another(tmp_path: Path) -> None:
    files = (
        write(tmp_path / "1.csv", **flights(1) | {"flight": [17, 18]}),
        write(tmp_path / "2.csv", **flights(2) | {"flight": ["17", "A1"]}),
        write(tmp_path / "3.parquet", **flights(3) | {"flight": pa.array(["x", "y"], pa.large_string())}),
    )
    chunk = Window(files).chunk(**COLUMNS)
    assert torch.equal(chunk.ids, id_digests(["17", "18", "17", "A1", "x", "y"]))


def test_times_with_and_without_zones_and_dates_are_times(tmp_path: Path) -> None:
    nanoseconds = pa.array([86_400_000_000_001, None], pa.timestamp("ns"))
    kinds = [
        nanoseconds,
        pa.array([86400, 0], pa.timestamp("s", "Europe/Berlin")),
        pa.array([1, 2], pa.date32()),
        pa.nulls(2),
    ]
    files = tuple(
        write(tmp_path / f"{number}.parquet", **flights(number) | {"departure": times})
        for number, times in enumerate(kinds)
    )
    times = Window(files).chunk(**COLUMNS).times
    np.testing.assert_array_equal(times, [86400, np.nan, 86400, 0, 86400, 172800, np.nan, np.nan])


def test_times_may_be_texts(tmp_path: Path) -> None:
    texts = ["1970-01-02T01:00:00+01:00", "1970-01-02T00:00:00Z"]
    file = write(tmp_path / "1.parquet", **flights(1) | {"departure": texts})
    assert Window((file,)).chunk(**COLUMNS).times.tolist() == [86400, 86400]
    file = write(tmp_path / "2.parquet", **flights(1) | {"departure": ["yesterday", "today"]})
    with pytest.raises(DataError, match="Column 'departure' holds texts that are no times: .*'yesterday'.* Write them"):
        Window((file,)).chunk(**COLUMNS)


def test_types_that_cannot_be_put_together_are_named(tmp_path: Path) -> None:
    files = tuple(
        write(tmp_path / f"{number}.parquet", **flights(number) | {"seats": seats})
        for number, seats in enumerate([[1, 2], [True, False]])
    )
    with pytest.raises(DataError, match="files of monday do not make one table: .*seats.* int64 vs bool. Give every"):
        Window(files, name="monday").table()


def test_whole_numbers_that_no_decimal_one_can_hold_are_refused(tmp_path: Path) -> None:
    files = tuple(
        write(tmp_path / f"{number}.parquet", **flights(number) | {"seats": seats})
        for number, seats in enumerate([[2**60, 1], [0.5, 1.0]])
    )
    with pytest.raises(DataError, match="do not make one table"):
        Window(files).table()


def test_a_column_that_no_file_has_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "1.csv", **flights(1))
    with pytest.raises(DataError, match="The table has no column 'delayed'"):
        Window((file,)).chunk("delayed")


def test_a_target_that_a_file_lacks_is_an_error(tmp_path: Path) -> None:
    without = {name: values for name, values in flights(2).items() if name != "late"}
    files = write(tmp_path / "1.csv", **flights(1)), write(tmp_path / "2.csv", **without)
    with pytest.raises(DataError, match="The target 'late' has 2 missing values"):
        Window(files).chunk(**COLUMNS)


def test_an_id_that_a_file_lacks_is_an_error(tmp_path: Path) -> None:
    without = {name: values for name, values in flights(2).items() if name != "flight"}
    files = write(tmp_path / "1.csv", **flights(1)), write(tmp_path / "2.csv", **without)
    with pytest.raises(DataError, match="The id None is a NoneType"):
        Window(files).chunk(**COLUMNS)


def test_two_columns_of_one_name_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("late,age,age\n1,2,3\n")
    with pytest.raises(DataError, match="duplicate field names. Give every column one name"):
        Window((str(tmp_path / "1.csv"),)).chunk("late")
    with pytest.raises(DataError, match="2 columns called 'age'. Give each column a name of its own"):
        chunk_from_table(tmp_path / "1.csv", "late")


def test_files_may_lie_anywhere_that_fsspec_knows() -> None:
    with fsspec.open("memory://window/1.csv", "w") as file:
        file.write("late,age\n1,30\n0,40\n")
    assert len(Window(("memory://window/1.csv",)).chunk("late")) == 2


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    files = write(tmp_path / "1.csv", **flights(1)), str(tmp_path / "gone.csv")
    with pytest.raises(DataError, match=r"There is no table '.*gone\.csv'\. Bring the file back"):
        Window(files).table()
    with pytest.raises(DataError, match="There is no table 'memory://window/gone.parquet'"):
        Window(("memory://window/gone.parquet",)).table()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.parquet", b"PAR1"),
        ("empty.csv", b""),
        ("ragged.csv", b"a,b\n1,2\n3\n"),
        ("cut.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9]),
        ("plain.csv.gz", b"a,b\n1,2\n"),
        ("cut.feather", b"ARROW1"),
    ],
)
def test_a_file_that_is_damaged_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name}' cannot be read as a table: .*Write it anew"):
        Window((str(tmp_path / name),)).table()


@pytest.mark.parametrize("files", [(), ["a.csv"], "a.csv", (1,)])
def test_files_are_a_tuple_of_names(files: Any) -> None:
    with pytest.raises(DataError, match="must be a tuple of one or more paths or URLs, got"):
        Window(files)


def test_a_file_counts_once() -> None:
    with pytest.raises(DataError, match="A window names b.csv twice, and would learn its rows twice"):
        Window(("a.csv", "b.csv", "b.csv"))


def test_a_window_travels() -> None:
    window = Window(("a.csv", "s3://b/c.parquet"), "november", 1.0, 2.0)
    assert pickle.loads(pickle.dumps(window)) == window


def test_a_row_stays_on_its_side_from_window_to_window(tmp_path: Path) -> None:
    """So a training from scratch on all files never learns what a champion is judged by."""
    files = tuple(write(tmp_path / f"{number}.csv", **flights(number)) for number in range(60))
    whole = Window(files).chunk(**COLUMNS).split([0.8, 0.2])
    for part in (Window(files[:30]), Window(files[30:])):
        for few, all_ in zip(part.chunk(**COLUMNS).split([0.8, 0.2]), whole, strict=True):
            assert known(few) <= known(all_)


def known(chunk: Chunk) -> set[bytes]:
    return {bytes(one) for one in chunk.ids.numpy()}
