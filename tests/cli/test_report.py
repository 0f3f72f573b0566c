from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.cli.conftest import Vernal
from tests.report.tunings import past_of, tuned_records
from vernal.base import Decision, canonical_json
from vernal.ledger import Decided, Loops
from vernal.store import Store


def test_the_report_names_every_update_of_the_lineage(vernal: Vernal, store: Path, tmp_path: Path) -> None:
    ran = vernal("report", "--store", store, "--output", tmp_path / "page.html")
    assert ran.code == 0
    assert "Open it in a browser" in ran.out
    page = (tmp_path / "page.html").read_text()
    for record in Store(store).lineage("champion"):
        assert record["id"] in page


def test_a_file_that_cannot_be_written_is_named(vernal: Vernal, store: Path, tmp_path: Path) -> None:
    ran = vernal("report", "--store", store, "--output", tmp_path / "missing" / "page.html")
    assert ran.code == 1
    assert "could not be written" in ran.err
    assert "Name another file: --output" in ran.err


def test_an_update_that_was_tuned_is_shown_with_its_trials(vernal: Vernal, tmp_path: Path) -> None:
    past = past_of()
    (record,) = tuned_records(past, chosen=2)
    store = Store(tmp_path / "tuned")
    blob = canonical_json(past)
    artefacts = {"tuning": {"blob": store.blobs.put(blob), "bytes": len(blob)}}
    store.commit(record | {"name": "n1", "request": "r1", "artefacts": artefacts}, promote=True, parent=None)
    ran = vernal("report", "--store", tmp_path / "tuned", "--output", tmp_path / "page.html")
    assert ran.code == 0
    assert "Chosen: trial 2" in (tmp_path / "page.html").read_text()


def test_what_a_loop_decided_is_part_of_the_page(vernal: Vernal, store: Path, tmp_path: Path) -> None:
    opened = Store(store)
    why = "1,000 rows came, and <500> are enough."
    decided = Decided(datetime(2026, 1, 1, tzinfo=UTC), "trigger", "rows(500)", Decision("update", why, {}, fires=2))
    Loops(opened.database(), opened.id).step("main", 0, {}, [decided])
    assert vernal("report", "--store", store, "--output", tmp_path / "page.html").code == 0
    page = (tmp_path / "page.html").read_text()
    assert "What the loop did" in page
    assert "1,000 rows came, and &lt;500&gt; are enough." in page
    assert "promoted" in page or "the first champion" in page


def test_a_store_whose_history_is_in_files_has_no_loop(vernal: Vernal, store: Path, tmp_path: Path) -> None:
    in_files = Store(tmp_path / "in files", ledger="files")
    record = Store(store).lineage("champion")[0] | {"artefacts": {}}
    in_files.commit(record, promote=True, parent=None)
    ran = vernal("report", "--store", tmp_path / "in files", "--output", tmp_path / "page.html")
    assert ran.code == 0, ran.err
    assert "What the loop did" not in (tmp_path / "page.html").read_text()
