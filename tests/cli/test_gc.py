from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Vernal
from vernal.store import Store


def test_what_no_update_needs_is_removed_after_the_grace(vernal: Vernal, store: Path) -> None:
    Store(store).blobs.put(b"x" * 3000)
    assert vernal("gc", "--store", store).out == "Removed 0 blobs (0 B) and 0 temporary files.\n"
    ran = vernal("gc", "--store", store, "--grace-days", "0")
    assert (ran.code, ran.out) == (0, "Removed 1 blobs (3 KB) and 0 temporary files.\n")
    assert Store(store).verify() == []


def test_a_negative_grace_is_refused(vernal: Vernal, store: Path) -> None:
    ran = vernal("gc", "--store", store, "--grace-days", "-1")
    assert ran.code == 1
    assert "`--grace-days` must be at least 0, got -1.0." in ran.err


def test_a_grace_that_is_no_number_is_refused(vernal: Vernal, store: Path) -> None:
    ran = vernal("gc", "--store", store, "--grace-days", "two")
    assert ran.code == 2
    assert "--grace-days" in ran.err
