from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Vernal
from tests.stores.write import plan
from vernal.methods import ER
from vernal.store import Store
from vernal.transaction import update


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two updates, whose memories keep every row."""
    store = tmp_path_factory.mktemp("which") / "fraud"
    for number in (1, 2):
        update(plan("plain", number, ER(memory_size=100)), store)
    return store


def test_every_model_and_memory_is_named_and_what_to_do(vernal: Vernal, trained: Path) -> None:
    first, second = (record["id"] for record in Store(trained).records())
    ran = vernal("which", "train 1/3", "--store", trained)
    assert ran.code == 0
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["1.0", first, "yes", "yes"] in lines
    assert ["1.1", second, "champion", "yes", "yes"] in lines
    assert f"vernal erase --store {trained} --ids 'train 1/3' --reason ..." in ran.out
    assert "To be trained anew, where that is asked for: fraud:1.0, fraud:1.1." in ran.out


def test_earlier_models_know_nothing_of_later_rows(vernal: Vernal, trained: Path) -> None:
    out = vernal("which", "train 2/3", "train 2/4", "--store", trained).out
    assert "fraud:1.1" in out
    assert "1.0" not in out


def test_rows_that_nobody_knows(vernal: Vernal, trained: Path) -> None:
    assert "was trained on row 'nobody', and no memory holds it." in vernal("which", "nobody", "--store", trained).out
    assert "on any of these 2 rows" in vernal("which", "a", "b", "--store", trained).out


def test_json_says_the_same(vernal: Vernal, trained: Path) -> None:
    second = Store(trained).champion
    found = json.loads(vernal("which", "train 2/3", "--store", trained, "--json").out)
    assert found == {
        "ids": ["train 2/3"],
        "trained": [second],
        "held": [second],
        "tables": [],
        "unsearched": [],
        "versions": Store(trained).versions(),
    }


def test_rows_that_wait_in_tables_of_a_loop_are_found(vernal: Vernal, trained: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(trained, tmp_path / "fraud"))
    file = Store(store).inbox("main") / "rows.parquet"
    pq.write_table(pa.table({"customer": ["train 1/3", "new"]}), file)
    without = vernal("which", "new", "--store", store).out
    assert "1 tables that loops have read from streams were not searched. Name their column of ids" in without
    out = vernal("which", "new", "--store", store, "--id-column", "customer").out.splitlines()
    assert out[0].endswith("was trained on row 'new', and no memory holds it.")
    assert out[1] == f"1 rows with such ids lie in: {file}"
    assert out[3] == f"  vernal erase --store {store} --ids new --id-column customer --reason ..."
    found = json.loads(vernal("which", "new", "--store", store, "--id-column", "customer", "--json").out)
    assert found["tables"] == [str(file)]
