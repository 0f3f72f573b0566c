import pytest

from tests.methods.steps import OLD, Told, step
from tests.reference import fine_tune
from vernal.methods import FineTune
from vernal.testing import toy_update

GOLDEN = 1.856081


def test_the_loss_is_that_of_the_new_batch():
    memory = Told(OLD)
    loss = FineTune().loss(step(memory)).item()
    assert loss == pytest.approx(GOLDEN, abs=1e-6)
    assert loss == pytest.approx(fine_tune.loss(), abs=1e-6)
    assert memory.asked == []


def test_there_is_no_memory(tmp_path):
    assert FineTune().policy() is None
    assert toy_update(tmp_path, FineTune()).record["memory"] is None


def test_it_forgets(tmp_path):
    results = [toy_update(tmp_path, FineTune(), chunk, budget="15ep") for chunk in (1, 2, 3)]
    assert results[-1].summary["forgetting"] >= 0.5
