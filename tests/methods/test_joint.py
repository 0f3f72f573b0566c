import pytest

from tests.methods.steps import linear, step
from vernal.methods import Joint, Pool
from vernal.testing import toy_update


def test_the_loss_is_that_of_the_batch():
    assert Joint().loss(step()).item() == pytest.approx(1.856081, abs=1e-6)


def test_everything_stays_in_memory_and_one_epoch_walks_through_all_of_it(tmp_path):
    for chunk, rows in ((1, 100), (2, 200)):
        record = toy_update(tmp_path, Joint(), chunk, rows=100, budget="2ep").record
        assert record["memory"]["rows"] == rows
        assert record["training"]["samples"] == 2 * rows


def test_it_starts_from_a_fresh_model():
    champion, fresh = linear(), linear()
    assert Joint().start(champion, lambda: fresh) is fresh


def test_two_updates_are_as_good_as_one_on_both_chunks(tmp_path):
    results = [toy_update(tmp_path, Joint(), chunk, budget="30ep") for chunk in (1, 2, 3)]
    assert results[-1].summary["average_accuracy"] > 0.95


def test_it_walks_through_the_next_memory():
    pool = Pool(object(), object(), object(), None, None)
    assert Joint().rows(pool) is pool.memory
