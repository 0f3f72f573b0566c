from __future__ import annotations

import os
import time
from pathlib import Path

from tests.cli.conftest import Vernal
from vernal.ledger import Label, Loops, Outcomes
from vernal.store import Store


def test_what_no_update_needs_is_removed_after_the_grace(vernal: Vernal, store: Path) -> None:
    Store(store).blobs.put(b"x" * 3000)
    assert vernal("gc", "--store", store).out == "Removed 0 blobs (0 B) and 0 temporary files.\n"
    ran = vernal("gc", "--store", store, "--grace-days", "0")
    assert (ran.code, ran.out) == (0, "Removed 1 blobs (3 KB) and 0 temporary files.\n")
    assert Store(store).verify() == []


def test_what_loops_keep_is_told_and_removed_when_it_is_asked_for(vernal: Vernal, store: Path) -> None:
    opened = Store(store)
    waits, left = (opened.inbox("main") / f"{name}.parquet" for name in ("waits", "left"))
    for path in (waits, left):
        path.write_bytes(b"x" * 3000)
        os.utime(path, (0, 0))
    Loops(opened.database(), opened.id).step("main", 0, {"raw": [], "ready": [{"files": [str(waits)]}]})
    Outcomes(opened.database(), opened.id).labelled([Label("a", 0.0, 1), Label("b", time.time(), 1)])
    ran = vernal("gc", "--store", store)
    assert ran.out.splitlines()[1:] == [
        "Loops keep 2 tables (6 KB); 1 of them (3 KB) are named by no loop and no update.",
        "To remove those that are old: --loop-older-than 365d",
    ]
    ran = vernal("gc", "--store", store, "--loop-older-than", "365d")
    assert ran.out.splitlines()[1:] == [
        "Removed 1 tables of loops (3 KB) and 1 predictions and late labels.",
        "Loops keep 1 tables (3 KB); 0 of them (0 B) are named by no loop and no update.",
    ]
    assert (waits.exists(), left.exists()) == (True, False)


def test_an_age_that_is_no_span_is_refused_before_anything_is_removed(vernal: Vernal, store: Path) -> None:
    name = Store(store).blobs.put(b"garbage")
    ran = vernal("gc", "--store", store, "--grace-days", "0", "--loop-older-than", "long")
    assert (ran.code, "'long' is no span of time" in ran.err) == (1, True)
    assert name in Store(store).blobs


def test_a_negative_grace_is_refused(vernal: Vernal, store: Path) -> None:
    ran = vernal("gc", "--store", store, "--grace-days", "-1")
    assert ran.code == 1
    assert "`--grace-days` must be at least 0, got -1.0." in ran.err


def test_a_grace_that_is_no_number_is_refused(vernal: Vernal, store: Path) -> None:
    ran = vernal("gc", "--store", store, "--grace-days", "two")
    assert ran.code == 2
    assert "--grace-days" in ran.err
