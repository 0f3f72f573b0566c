from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Vernal
from tests.report.tunings import past_of, tuned_records
from vernal.base import canonical_json
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
