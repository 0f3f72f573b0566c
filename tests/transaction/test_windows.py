"""Updates that are told which files to learn."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tests.transaction.searching import ranged
from tests.transaction.stream import outcome, write_config
from tests.transaction.windows import CONFIG, plan, write
from vernal.base import ConfigError, DataError
from vernal.config import resolve
from vernal.data import Window
from vernal.store import Store
from vernal.transaction import update
from vernal.transaction.new_data import read_data
from vernal.transaction.situation import Situation
from vernal.transaction.work import Work


@pytest.fixture
def windowed(tmp_path: Path) -> Path:
    return write_config(tmp_path / "project", CONFIG)


def test_an_update_learns_the_files_of_its_window_and_its_record_names_them(windowed: Path, tmp_path: Path) -> None:
    files = write(tmp_path, 1), write(tmp_path, 2, kind="csv")
    record = update(plan(windowed, *files), tmp_path / "store").record
    assert record["chunk"]["files"] == [*files]
    assert record["chunk"]["name"] == "2.csv"
    assert record["chunk"]["rows"] + record["metrics"]["validation"][0]["rows"] == 120
    assert record["chunk"]["times"] == pytest.approx([1.7e9 + 3600, 1.7e9 + 7200 + 59], abs=10)
    assert "window" not in record["plan"]


def test_the_same_rows_in_other_files_are_the_same_update(windowed: Path, tmp_path: Path) -> None:
    """It is named by what it has learned; the files of the call that has learned it stay in its record."""
    one = write(tmp_path, 1)
    first = update(plan(windowed, one), tmp_path / "store")
    (tmp_path / "moved").mkdir()
    again = update(plan(windowed, write(tmp_path / "moved", 1, kind="csv")), tmp_path / "store")
    assert (again.id, again.repeated) == (first.id, True)
    assert again.record["chunk"]["files"] == [one]
    other = update(plan(windowed, write(tmp_path, 1), write(tmp_path, 2)), tmp_path / "store")
    assert not other.repeated


def test_without_a_window_there_are_no_files_in_the_record(store: Path) -> None:
    assert Store(store).record("champion")["chunk"]["files"] == []


def test_a_config_file_that_needs_a_window_says_so(windowed: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="takes a window, and there is none. Name the files to learn: --files"):
        update(plan(windowed), tmp_path / "store")
    assert not (tmp_path / "store" / "blobs").exists()


def test_a_window_that_the_config_file_would_not_look_at_is_an_error(tmp_path: Path) -> None:
    path = write_config(tmp_path / "blind", CONFIG.replace("window: Window", "").replace("window.", "Window(('x',))."))
    with pytest.raises(ConfigError, match=r"files to learn, .*1\.parquet, and `data_module_fn` takes no window"):
        update(plan(path, write(tmp_path, 1)), tmp_path / "store")


def test_a_window_may_have_a_default(tmp_path: Path) -> None:
    file = write(tmp_path, 1)
    text = CONFIG.replace("window: Window", "window: Window | None = None").replace(
        "    chunk =", f"    window = window or Window(({file!r},))\n    chunk ="
    )
    assert update(plan(write_config(tmp_path / "default", text)), tmp_path / "store").record["chunk"]["files"] == []


def test_a_file_that_is_missing_leaves_the_champion_as_it_is(windowed: Path, tmp_path: Path) -> None:
    first = update(plan(windowed, write(tmp_path, 1)), tmp_path / "store")
    with pytest.raises(DataError, match=r"There is no table '.*2\.parquet'"):
        update(plan(windowed, str(tmp_path / "2.parquet")), tmp_path / "store")
    assert Store(tmp_path / "store").champion == first.id


def test_workers_get_the_window(windowed: Path, tmp_path: Path) -> None:
    """What a worker of a search or a rank is told comes back from a pickle as it was."""
    asked, files = plan(windowed, write(tmp_path, 1)), (str(tmp_path / "1.parquet"),)
    resolved = resolve(asked)
    data = read_data(resolved, lambda prepare: prepare())
    work = Work.of(Situation(resolved, Store(tmp_path / "store"), None, data))
    found = pickle.loads(pickle.dumps(work)).situation()
    assert found.resolved.plan.window == Window(files)
    assert found.data.fingerprints == data.fingerprints


def test_a_file_that_changes_between_two_processes_is_noticed(windowed: Path, tmp_path: Path) -> None:
    resolved = resolve(plan(windowed, write(tmp_path, 1)))
    data = read_data(resolved, lambda prepare: prepare())
    work = Work.of(Situation(resolved, Store(tmp_path / "store"), None, data))
    write(tmp_path, 1, rows=30)
    with pytest.raises(DataError, match="The data module gives other data in every process"):
        work.situation()


@pytest.mark.usefixtures("threads")
def test_a_search_learns_the_window(windowed: Path, tmp_path: Path) -> None:
    file = write(tmp_path, 1)
    result = update(ranged(plan(windowed, file), max_trials=2), tmp_path / "store")
    assert result.record["chunk"]["files"] == [file]
    assert result.record["tuning"]


def test_the_window_of_an_update_can_be_learned_again_from_its_record(windowed: Path, tmp_path: Path) -> None:
    """What a training from scratch on everything does: the files of a lineage, in their order."""
    store = Store(tmp_path / "store")
    for number in (1, 2):
        update(plan(windowed, write(tmp_path, number)), store)
    files = [file for record in store.lineage("champion") for file in record["chunk"]["files"]]
    assert [Path(file).name for file in files] == ["1.parquet", "2.parquet"]
    whole = update(plan(windowed, *files), store, scratch=True, promote=False)
    assert whole.record["chunk"]["rows"] == sum(record["chunk"]["rows"] for record in store.lineage("champion"))
    assert outcome(store, whole.id)["parent"] is None
