from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Vernal
from vernal.store import Store


def test_a_whole_store_is_called_so(vernal: Vernal, store: Path) -> None:
    ran = vernal("verify", "--store", store)
    assert ran.code == 0
    assert f"{store} is whole: 2 updates, " in ran.out


def test_damage_is_found(vernal: Vernal, store: Path) -> None:
    blob = Store(store).record("champion")["artefacts"]["model"]["blob"]
    (file,) = (store / "blobs").rglob(f"*{blob[2:]}*")
    file.chmod(0o600)
    file.write_bytes(b"something else")
    ran = vernal("verify", "--store", store)
    assert ran.code == 1
    assert ran.out.startswith(f"1 problem in {store}:\n- blob {blob[:12]}: is damaged.")
