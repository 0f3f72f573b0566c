"""Every single write fails once: a clear error, an untouched champion, and the same end when it is run again."""

from __future__ import annotations

import contextlib
import itertools
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.doubles import MOMENTS, FailingFiles
from tests.transaction.stream import bytes_of, copy_of, outcome, plan
from vernal.base import StateError
from vernal.store import Store, open_files
from vernal.transaction import load_model, update


@pytest.fixture(scope="module")
def first(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one update, and its history in files: a database needs larger ones than a full disk allows here."""
    store = tmp_path_factory.mktemp("first") / "store"
    update(plan(config, 1), Store(store, ledger="files"))
    return store


@pytest.fixture(scope="module")
def undisturbed(first: Path, config: Path) -> Path:
    store = copy_of(first, "never failed")
    update(plan(config, 2), store)
    return store


def assert_as_before(store: Path, first: Path, config: Path) -> None:
    """Nothing that was committed has changed, and the champion can be used."""
    found = Store(store)
    assert found.verify() == []
    assert found.head() == Store(first).head()
    assert bytes_of(first).items() <= bytes_of(store).items()
    load_model(store, config)


@pytest.mark.journey
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_failure_of_any_write_to_the_store_loses_nothing(
    first: Path, config: Path, undisturbed: Path, moment: str
) -> None:
    for k in itertools.count(1):
        store = copy_of(first, f"failing {moment}")
        failing = FailingFiles(open_files(store), at=k, moment=moment)
        with contextlib.suppress(StateError):
            update(plan(config, 2), Store(failing))
            assert not failing.failed
            break
        committed = moment == "after" and Store(store).head().number == 2
        if not committed:
            assert_as_before(store, first, config)
        again = update(plan(config, 2), store)
        assert again.promoted
        assert Store(store).verify() == []
        assert outcome(Store(store)) == outcome(Store(undisturbed))
    assert k > 12  # model, method, config, columns, indexes, record, journal


@contextlib.contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """The system refuses to make a file larger; what a full disk says comes by the same way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("checkpoint_minutes", "n_bytes", "message"),
    [
        (0, 5_000, r"The checkpoint .* could not be written: .*File too large.*The last good one is kept; make room"),
        (9, 400, r"\.column could not be written: .*File too large.*Make room, and run it again\. What was stored"),
        (9, 600, r"\.column could not be written: .*File too large"),
        (
            9,
            1_500,
            r"blobs/.* could not be written to .*: there is no room for its [\d,]+ bytes\. Free some space and run",
        ),
        (9, 3_000, r"blobs/.* could not be written to .*: there is no room for its [\d,]+ bytes"),
    ],
)
def test_a_full_disk_is_named_and_loses_nothing(
    store: Path, first: Path, config: Path, undisturbed: Path, checkpoint_minutes: float, n_bytes: int, message: str
) -> None:
    asked = plan(config, 2, checkpoint_minutes=checkpoint_minutes)
    with largest_file(n_bytes), pytest.raises(StateError, match=message):
        update(asked, store)
    assert_as_before(store, first, config)
    update(asked, store)
    kept = ("artefacts", "metrics", "training")  # not the name: the plan differs in its checkpoints
    ended, expected = outcome(Store(store)), outcome(Store(undisturbed))
    assert {name: ended[name] for name in kept} == {name: expected[name] for name in kept}


def test_a_checkpoint_that_cannot_be_read_is_not_used(store: Path, config: Path, undisturbed: Path) -> None:
    with largest_file(5_000), pytest.raises(StateError):
        update(plan(config, 2), store)
    (scratch,) = (store / "scratch").iterdir()
    (scratch / "checkpoint.safetensors").write_bytes(b"half a checkp")
    update(plan(config, 2), store)
    assert outcome(Store(store)) == outcome(Store(undisturbed))


def test_what_an_update_left_unfinished_is_gone_when_it_is_committed(store: Path, config: Path) -> None:
    with largest_file(5_000), pytest.raises(StateError):
        update(plan(config, 2), store)
    update(plan(config, 2), store)
    assert [*(store / "scratch").iterdir()] == []
