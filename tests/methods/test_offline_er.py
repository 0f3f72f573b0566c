import pytest

from tests.methods.steps import OLD, Told, step
from tests.reference import offline_er
from vernal.base import ConfigError
from vernal.methods import OfflineER
from vernal.testing import toy_update

GOLDEN = {0.25: 1.381035, 0.0: 1.222687, 1.0: 1.856081}


@pytest.mark.parametrize("weight", GOLDEN)
def test_the_loss_is_the_weighted_mean(weight):
    loss = OfflineER(weight_new=weight).loss(step(Told(OLD))).item()
    assert loss == pytest.approx(GOLDEN[weight], abs=1e-6)
    assert loss == pytest.approx(offline_er.loss(weight), abs=1e-6)


def test_a_hundred_new_rows_after_three_hundred_weigh_a_quarter():
    loss = OfflineER().loss(step(Told(OLD), n_new=100, n_before=300)).item()
    assert loss == pytest.approx(GOLDEN[0.25], abs=1e-6)


def test_without_memory_the_loss_is_that_of_the_new_batch():
    assert OfflineER(weight_new=0.25).loss(step()).item() == pytest.approx(GOLDEN[1.0], abs=1e-6)


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_a_weight_outside_zero_and_one_is_refused(weight):
    with pytest.raises(ConfigError, match=f"`weight_new` must be between 0 and 1, got {weight}"):
        OfflineER(weight_new=weight)


def test_all_rows_before_count_whether_in_memory_or_not(tmp_path):
    for chunk in (1, 2, 3):
        record = toy_update(tmp_path, OfflineER(memory_size=10, memory_batch=32), chunk, budget="2st").record
    assert record["memory"] == {"rows": 10, "seen": 120, "segments": record["memory"]["segments"]}
    assert record["training"]["replayed"] == 20
