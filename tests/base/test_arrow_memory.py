from __future__ import annotations

import io

import pyarrow.csv

from vernal.base import in_arrow


def test_what_is_read_later_does_not_need_the_file() -> None:
    file = io.BytesIO(b"a,b\n1,2\n")
    reader = in_arrow(file)
    file.close()
    assert pyarrow.csv.read_csv(reader).to_pydict() == {"a": [1], "b": [2]}


def test_a_large_file_is_whole() -> None:
    content = bytes(range(256)) * 10_000
    assert in_arrow(io.BytesIO(content)).read() == content
