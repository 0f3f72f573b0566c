"""A tiny stream to try the schedulers with: each call adds a table of 400 rows to a folder.

python stream.py in
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 400
DAY = 86_400
FIRST_DAY = 1_772_323_200  # 1 March 2026


def day_of_rows(day: int) -> pa.Table:
    """The rows of one day: the label is 1 where two of three columns together are positive."""
    generator = np.random.default_rng(day)
    x = generator.normal(size=(ROWS, 3))
    y = x[:, 0] + x[:, 1] > 0
    names = [f"x{column}" for column in range(3)]
    ids, times = [f"{day}-{row}" for row in range(ROWS)], FIRST_DAY + DAY * day + np.arange(ROWS, dtype=np.float64)
    return pa.table({"id": ids, "time": times, **dict(zip(names, x.T, strict=True)), "y": y.astype(np.int64)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the table is added")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    day = len([*options.folder.glob("*.parquet")])
    file = options.folder / f"{day:04}.parquet"
    pq.write_table(day_of_rows(day), file)
    written = file.stat().st_mtime - 60  # as if it had lain there for a minute: files are left alone until they settle
    os.utime(file, (written, written))
    print(f"{file}: {ROWS} rows")


if __name__ == "__main__":
    main()
