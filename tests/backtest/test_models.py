"""What the models of a backtest know already, they are not asked again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.backtest.histories import plan, stream, written
from vernal.backtest.clock import HeldClock
from vernal.backtest.models import Models, Shared
from vernal.loop import Learner
from vernal.store import Store
from vernal.training import Silent


@pytest.fixture
def file(tmp_path: Path) -> str:
    return written(tmp_path, stream(rows=60))


@pytest.fixture
def models(tmp_path: Path) -> Models:
    clock = HeldClock(datetime(2026, 1, 1, tzinfo=UTC))
    return Models(plan(), Store(tmp_path / "store"), "policy-1", Shared(), Silent(), clock)


def test_the_loop_sees_what_was_measured_without_asking_the_model_again(
    models: Models, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, now = models.update([file], None, scratch=True).id, datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    expected = Learner.observe(models, [file], version, {"correct"}, now)
    measured = models.measure([file], version)
    monkeypatch.delattr(Learner, "observe")  # Whoever asks now fails.

    seen = models.observe([file], version, {"correct"}, now)

    assert [*seen.values] == ["correct"]
    np.testing.assert_array_equal(seen.values["correct"], expected.values["correct"])
    assert measured.score == pytest.approx(seen.values["correct"][:, 1].mean())
    assert models.observe([file], version, (), now).rows == expected.rows


def test_another_version_and_other_rows_are_asked_about(models: Models, file: str, tmp_path: Path) -> None:
    other = written(tmp_path, stream(rows=40, seed=1), "other")
    first, second = (models.update([one], None, scratch=True).id for one in (file, other))

    seen = [models.observe([one], version, {"loss"}, 0.0) for version in (first, second) for one in (file, other)]

    assert [one.rows for one in seen] == [60, 40, 60, 40]
    assert not np.array_equal(seen[0].values["loss"], seen[2].values["loss"])
