"""Processes that read ahead change nothing in the result, not even where a training with dropout was interrupted."""

import pytest

from tests.transaction.stream import CONFIG, outcome, plan, write_config
from vernal.store import Store
from vernal.testing.toys import InterruptAfter
from vernal.transaction import update

NOISY = "\n\ndef train_transform():\n    return lambda x: x + torch.randn(4)\n"


def test_a_training_that_was_interrupted_while_workers_read_is_that_of_one_process(tmp_path):
    config = write_config(tmp_path, CONFIG + NOISY)
    alone, helped = Store(tmp_path / "alone"), Store(tmp_path / "helped")
    for number in (1, 2):
        update(plan(config, number), alone)
        with pytest.raises(KeyboardInterrupt):
            update(plan(config, number, workers=1), helped, reporter=InterruptAfter(4))
        assert update(plan(config, number, workers=1), helped).record["training"]["resumed"]
    found, expected = outcome(helped), outcome(alone)
    for record in (found, expected):
        del record["plan"]["training"]["workers"]
    assert found == expected
