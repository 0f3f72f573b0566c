from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vernal.base import StateError
from vernal.sources.landing import land


def landed(inbox, x=(1, 2), before=None, after=1):
    return land(pa.table({"x": [*x]}), np.arange(len(x), dtype=float), inbox, "src", before, {"at": after})


def test_what_is_landed_is_a_file_of_the_rows(tmp_path):
    arrival = landed(tmp_path / "in" / "box")
    file = Path(arrival.files[0])
    assert file.parent == tmp_path / "in" / "box"
    assert pq.read_table(file).to_pydict() == {"x": [1, 2]}
    assert arrival.digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (arrival.rows, arrival.since, arrival.until, arrival.cursor) == (2, 0.0, 1.0, {"at": 1})


def test_a_name_is_of_one_range_and_one_content(tmp_path):
    """So a file that an update still needs is never replaced by another one."""
    differing = [
        landed(tmp_path),
        landed(tmp_path, x=(1, 3)),
        landed(tmp_path, after=2),
        landed(tmp_path, before={"at": 0}),
    ]
    assert len({arrival.files for arrival in differing}) == 4
    assert len([*tmp_path.iterdir()]) == 4


def test_an_orphan_of_a_dead_process_is_written_again(tmp_path):
    first, second = landed(tmp_path), landed(tmp_path)
    assert first == second
    assert len([*tmp_path.iterdir()]) == 1


def test_a_disk_that_refuses_is_an_error_that_says_that_nothing_is_lost(tmp_path):
    (tmp_path / "inbox").write_text("a file")
    with pytest.raises(StateError, match="2 rows that were read from 'src' could not be written to .*nothing is lost"):
        landed(tmp_path / "inbox")


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StateError, match="No space left"):
        landed(tmp_path)
    assert [*tmp_path.iterdir()] == []
