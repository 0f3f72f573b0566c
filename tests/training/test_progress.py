"""Without a reporter of one's own, the log tells."""

import logging

from tests.training.jobs import HeldClock
from vernal.base import Progress
from vernal.methods import FineTune
from vernal.testing.toys import toy_update
from vernal.training import Logged


def test_an_update_from_python_tells_the_log_its_phases(tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="vernal"):
        toy_update(tmp_path / "store", FineTune())
    assert [r.message for r in caplog.records][:2] == ["read config", "read data"]
    assert "commit" in caplog.text


def test_progress_is_told_now_and_then(caplog):
    clock = HeldClock(step=1.0)
    reporter = Logged(clock, every=5)
    with caplog.at_level(logging.INFO, logger="vernal"):
        for _ in range(10):
            reporter.training(Progress(steps=3, minutes=2.0), 0.25, 1.5)
    assert len(caplog.records) == 2
    assert caplog.records[0].message == " 25%, 3 steps, loss 1.5, 6.0 minutes left"
