from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Vernal
from vernal.store import Store


def test_going_back_to_an_ancestor_is_a_rollback(vernal: Vernal, store: Path) -> None:
    first, second = (record["id"] for record in Store(store).records())
    ran = vernal("promote", first[:6], "--store", store)
    assert (ran.code, ran.out) == (
        0,
        f"store:1.0 ({first}) is the champion now; it replaces store:1.1 ({second}).\n",
    )
    assert Store(store).champion == first


def test_the_champion_stays_the_champion(vernal: Vernal, store: Path) -> None:
    champion = Store(store).champion
    assert vernal("promote", champion, "--store", store).out == f"store:1.1 ({champion}) is the champion already.\n"


def test_an_id_is_needed(vernal: Vernal, store: Path) -> None:
    ran = vernal("promote", "--store", store)
    assert ran.code == 2
    assert "ID" in ran.err


def test_a_version_is_promoted_and_the_reason_kept(vernal: Vernal, store: Path) -> None:
    ran = vernal("promote", "store:1.0", "--store", store, "--why", "better on Mondays")
    assert ran.code == 0
    assert Store(store).alias_history("champion")[-1].why == "better on Mondays"
    assert Store(store).version("champion") == "1.0"


def test_other_aliases_are_moved_as_well(vernal: Vernal, store: Path) -> None:
    first, second = (record["id"] for record in Store(store).records())
    ran = vernal("promote", "1.0", "--store", store, "--as", "challenger")
    assert ran.out == f"store:1.0 ({first}) is the challenger now; it replaces none.\n"
    assert vernal("promote", second, "--store", store, "--as", "challenger").out.endswith(
        f"replaces store:1.0 ({first}).\n"
    )
    assert Store(store).aliases() == {"champion": second, "challenger": second}
    assert vernal("show", "challenger", "--store", store).out.startswith(
        f"Update {second}, the champion, challenger, in"
    )


def test_an_alias_that_could_be_an_id_is_refused(vernal: Vernal, store: Path) -> None:
    ran = vernal("promote", "1.0", "--store", store, "--as", "beef")
    assert ran.code == 1
    assert "'beef' cannot be an alias" in ran.err
