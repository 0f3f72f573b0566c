import gzip

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import csv, feather, parquet

from vernal.base import DataError, EmptyChunk
from vernal.data import chunk_from_table, id_digests

TABLE = pa.table(
    {
        "age": [30, 40, 50],
        "income": [1.5, 2.5, None],
        "member": [True, False, True],
        "churned": [0, 1, 0],
        "spent": [1.25, 2.25, 3.25],
        "customer": ["a", "b", "c"],
        "at": pa.array([0, 86_400_000_000, None], pa.timestamp("us")),
    }
)
SPECIAL = {"target": "churned", "id_column": "customer", "time_column": "at"}


def test_numbers_become_x_and_the_target_y():
    chunk = chunk_from_table(TABLE, **SPECIAL, name="monday")
    assert str(chunk.schema) == "x: float32(4), y: int64()"
    x, y = chunk[1]
    assert x.tolist() == [40, 2.5, 0, 2.25]
    assert y == 1
    assert torch.isnan(chunk[2][0][1])
    assert torch.equal(chunk.ids, id_digests(["a", "b", "c"]))
    assert chunk.times[:2].tolist() == [0, 86400]
    assert torch.isnan(chunk.times[2])
    assert chunk.name == "monday"


def test_features_are_taken_in_their_order():
    chunk = chunk_from_table(TABLE, "spent", features=["member", "age"])
    assert chunk[0][0].tolist() == [1, 30]
    assert chunk.schema.leaves["y"].dtype == "float32"


def test_a_boolean_target_is_a_class():
    assert chunk_from_table(TABLE, "member", features=["age"]).labels.tolist() == [1, 0, 1]


WRITERS = {
    "data.parquet": lambda table, path: parquet.write_table(table, path),
    "data.csv": lambda table, path: csv.write_csv(table, path),
    "data.feather": lambda table, path: feather.write_feather(table, path),
    "data.arrow": lambda table, path: feather.write_feather(table, path, compression="uncompressed"),
}


@pytest.mark.parametrize("file", WRITERS)
def test_files_of_every_kind_give_the_same_chunk(tmp_path, file):
    path = tmp_path / file
    WRITERS[file](TABLE.drop_columns(["at"]), path)
    expected = chunk_from_table(TABLE.drop_columns(["at"]), "churned", id_column="customer")
    for source in (path, str(path), path.as_uri()):
        chunk = chunk_from_table(source, "churned", id_column="customer")
        assert chunk.fingerprint == expected.fingerprint
    assert chunk_from_table(str(path), "churned", id_column="customer").name == "data"


def test_csv_may_be_compressed(tmp_path):
    csv.write_csv(TABLE, tmp_path / "data.csv")
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress((tmp_path / "data.csv").read_bytes()))
    plain, packed = (chunk_from_table(tmp_path / name, **SPECIAL) for name in ("data.csv", "data.csv.gz"))
    assert packed.fingerprint == plain.fingerprint


def test_anything_that_offers_the_arrow_stream_is_a_table():
    class Foreign:
        def __arrow_c_stream__(self, requested_schema=None):
            return TABLE.__arrow_c_stream__(requested_schema)

    assert chunk_from_table(Foreign(), **SPECIAL).fingerprint == chunk_from_table(TABLE, **SPECIAL).fingerprint


def test_a_path_names_the_chunk(tmp_path):
    parquet.write_table(TABLE, tmp_path / "november.parquet")
    assert chunk_from_table(tmp_path / "november.parquet", **SPECIAL).name == "november"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"target": "churn"}, "The table has no column 'churn'. Did you mean 'churned'"),
        ({"target": "churned", "features": ["agee"]}, "has no column 'agee'. Did you mean 'age'"),
        ({"target": "churned"}, "Column 'customer' holds string, not numbers. Encode it first"),
        ({"target": "customer", "features": ["age"]}, "Column 'customer' holds string, not numbers"),
        ({"target": "income", "features": ["age"]}, "The target 'income' has 1 missing values"),
        ({"target": "churned", "features": []}, "no features"),
    ],
)
def test_what_does_not_fit_is_named(options, text):
    with pytest.raises(DataError, match=text):
        chunk_from_table(TABLE, **options)


def test_a_table_without_rows_is_an_error():
    with pytest.raises(EmptyChunk, match="Chunk 'monday' has no rows"):
        chunk_from_table(TABLE.slice(0, 0), **SPECIAL, name="monday")


def test_an_unknown_kind_of_file_is_an_error():
    with pytest.raises(DataError, match="'data.xlsx' is no table that can be read. Use .parquet"):
        chunk_from_table("data.xlsx", "y")


def test_numbers_come_without_loss_of_order():
    table = pa.chunked_array([pa.array([1, 2]), pa.array([3])])
    chunk = chunk_from_table(pa.table({"a": table, "y": table}), "y")
    assert np.asarray(chunk.labels).tolist() == [1, 2, 3]
