"""What the new rows of a trigger are compared with."""

from pathlib import Path

import numpy as np
import pytest

from tests.transaction.windows import CONFIG, plan, write
from vernal import update
from vernal.transaction import observe


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.py"
    path.write_text(CONFIG)
    return path


def test_small_chunks_are_compared_with_as_many_of_the_newest_as_make_enough(config: Path, tmp_path: Path) -> None:
    numbers = range(1, 6)
    files = [write(tmp_path, number, rows=150, a=np.full(150, float(number))) for number in numbers]
    for file in files:
        key = update(plan(config, file), tmp_path / "store").id

    reference, _ = observe(plan(config, files[0]), tmp_path / "store", key, {"features"}, 0.0).samples["features"]

    # About 45 rows of each chunk were held out, so three chunks have the hundred rows that are asked for.
    assert sorted(set(reference[:, 0])) == [3, 4, 5]


def test_where_too_few_rows_were_held_out_those_that_were_learned_are_compared(config: Path, tmp_path: Path) -> None:
    file = write(tmp_path, 1, rows=200)
    key = update(plan(config, file), tmp_path / "store").id

    reference, _ = observe(plan(config, file), tmp_path / "store", key, {"features"}, 0.0).samples["features"]

    assert len(reference) >= 100  # Of 60 held out, a test would say for ever that they are too few.
