from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Vernal
from tests.report.tunings import past_of, tuned_records
from vernal.base import canonical_json
from vernal.store import Store


def test_the_champion_is_shown_by_default(vernal: Vernal, store: Path) -> None:
    first, champion = Store(store).records()
    ran = vernal("show", "--store", store)
    assert ran.code == 0
    assert ran.out.startswith(f"Update {champion['id']}, the champion, in {store}")
    for part in (
        first["id"], "chunk 2, 64 rows", "hidden=4", "budget=2ep",
        "er(alpha=1.0, memory_batch=64, memory_size=500, selection=reservoir)",
        "of 128 rows seen", "accuracy before", "average accuracy", "peak memory", "validation  blob", "torch=",
    ):  # fmt: skip
        assert part in ran.out


def test_another_update_is_found_by_the_beginning_of_its_id(vernal: Vernal, store: Path) -> None:
    first = Store(store).records()[0]
    ran = vernal("show", first["id"][:5], "--store", store)
    assert ran.out.startswith(f"Update {first['id']}, in {store}")
    assert "nothing: a first update" in ran.out


def test_a_version_is_shown_with_when_it_was_the_champion_and_why(vernal: Vernal, store: Path) -> None:
    vernal("rollback", "--store", store, "--why", "false alarms")
    ran = vernal("show", "store:1.1", "--store", store)
    assert "store:1.1" in ran.out
    assert ": rollback false alarms" in ran.out


def test_json_is_the_record(vernal: Vernal, store: Path) -> None:
    assert json.loads(vernal("show", "--store", store, "--json").out) == Store(store).record("champion")


def test_an_unknown_id_is_refused(vernal: Vernal, store: Path) -> None:
    ran = vernal("show", "zzz", "--store", store)
    assert ran.code == 1
    assert "No record is called 'zzz'." in ran.err


def test_an_update_that_was_tuned_is_shown_with_its_trials_and_its_gain(vernal: Vernal, store: Path) -> None:
    (tuned,) = tuned_records(past_of(), chosen=2)
    opened, blob = Store(store), canonical_json(past_of())
    record = opened.record("champion")
    artefacts = record["artefacts"] | {"tuning": {"blob": opened.blobs.put(blob), "bytes": len(blob)}}
    opened.commit(
        record | {"id": "c0ffee", "name": "n3", "request": "r3", "artefacts": artefacts, "tuning": tuned["tuning"]},
        promote=True,
        parent=record["id"],
    )
    ran = vernal("show", "--store", store)
    assert ran.code == 0, ran.err
    for part in ("4 of 4", "chosen", "as options", "gained"):
        assert part in ran.out
