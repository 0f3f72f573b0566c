"""Every source says which library it lacks, and the pip line."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from vernal.base import MissingExtra
from vernal.sources import ParquetTable, Replay


@pytest.mark.parametrize("source", [ParquetTable("a.parquet"), Replay({"time": [1.0]})], ids=lambda s: s.name)
def test_tables_need_arrow(source, monkeypatch, tmp_path):
    for module in [name for name in sys.modules if name.partition(".")[0] == "pyarrow"]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=r"This needs `pyarrow`.*pip install 'vernal\[tables\]'"):
        source.poll(None, datetime(2026, 1, 1, tzinfo=UTC), tmp_path)
