import pytest

from tests.methods.steps import OLD, Counting, Told, linear, step
from tests.reference import er
from vernal.base import ConfigError
from vernal.methods import ER
from vernal.testing import toy_update

GOLDEN = {0.0: 1.856081, 0.5: 1.64495, 1.0: 1.539384}


@pytest.mark.parametrize("alpha", GOLDEN)
def test_the_loss_is_the_one_of_the_paper(alpha):
    loss = ER(alpha=alpha).loss(step(Told(OLD))).item()
    assert loss == pytest.approx(GOLDEN[alpha], abs=1e-6)
    assert loss == pytest.approx(er.loss(alpha), abs=1e-6)


def test_without_memory_the_loss_of_the_new_batch_is_not_divided():
    assert ER(alpha=3.0).loss(step()).item() == pytest.approx(GOLDEN[0.0], abs=1e-6)


def test_it_draws_once_what_it_is_told_to_in_one_pass_of_the_model():
    memory, model = Told(OLD), Counting(linear())
    ER(memory_batch=17).loss(step(memory, model))
    assert memory.asked == [17]
    assert model.passes == 1


@pytest.mark.parametrize("memory_size", [10, 100])
@pytest.mark.parametrize("rows", [50, 200])
def test_the_memory_fills_up_to_its_size(tmp_path, memory_size, rows):
    for i in range(3):
        result = toy_update(tmp_path, ER(memory_size=memory_size), i + 1, rows=rows, budget="1ep", batch_size=100)
        assert result.record["memory"]["rows"] == min(memory_size, (i + 1) * rows)
        assert result.record["memory"]["seen"] == (i + 1) * rows


def test_the_first_update_has_nothing_to_replay(tmp_path):
    method = ER(memory_size=20, memory_batch=8)
    replayed = [toy_update(tmp_path, method, chunk, budget="4st").record["training"]["replayed"] for chunk in (1, 2)]
    assert replayed == [0, 32]


def test_a_memory_without_rows_is_an_error_that_names_the_way_out():
    with pytest.raises(ConfigError, match="`memory_size` must be .* got 0. Use `fine_tune`"):
        ER(memory_size=0)
