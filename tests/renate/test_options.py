import pytest
import torch

from vernal import metrics
from vernal.renate.options import METRICS, check_metric, training_options, tuning_options
from vernal.renate.updaters import ER
from vernal.tuning import Tuning

UNLIMITED = {
    "has_ranges": True,
    "metric": "val_loss",
    "max_epochs": 9,
    "max_time": None,
    "max_num_trials_started": None,
    "max_num_trials_completed": None,
    "max_num_trials_finished": None,
    "max_cost": None,
    "n_workers": 1,
    "scheduler": None,
    "scheduler_kwargs": None,
    "deterministic_trainer": False,
}
PLAIN = {
    "metric": "val_accuracy",
    "max_epochs": 7,
    "has_memory": False,
    "accelerator": "cpu",
    "devices": 1,
    "strategy": "ddp",
    "precision": "32",
    "gradient_clip_val": None,
    "gradient_clip_algorithm": None,
}


def test_metrics_are_those_that_an_update_measures():
    one = torch.ones(2).numpy()
    measured = {*metrics.summary("classification", [0, 1], [0, 1]), *metrics.summary("regression", one, one), "loss"}
    assert measured == {*METRICS}


def test_the_direction_of_an_own_metric_is_its_own_affair():
    check_metric("val_my_score", "max", ["my_score"])
    check_metric("val_perplexity", "min", ["perplexity"])


def test_the_best_epoch_is_taken_and_none_left_out():
    assert training_options(ER(), **PLAIN).patience == 7
    assert training_options(ER(early_stopping=True), **PLAIN).patience == 3
    assert training_options(ER(), **PLAIN | {"metric": None}).patience is None


@pytest.mark.parametrize(("algorithm", "clipped"), [(None, (0.5, None)), ("norm", (0.5, None)), ("value", (None, 0.5))])
def test_gradients_are_clipped_as_asked(algorithm, clipped):
    options = training_options(ER(), **PLAIN | {"gradient_clip_val": 0.5, "gradient_clip_algorithm": algorithm})
    assert (options.clip_norm, options.clip_value) == clipped


@pytest.mark.parametrize(
    ("said", "meant"), [("16", "16-mixed"), ("bf16", "bf16-mixed"), ("64", "64-true"), (32, "32-true")]
)
def test_precisions_have_other_names(said, meant):
    assert training_options(ER(), **PLAIN | {"precision": said}).precision == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, Tuning("random", metric="loss")),
        ({"metric": "val_accuracy", "n_workers": 3}, Tuning("random", metric="accuracy", workers=3)),
        ({"max_time": 90.0}, Tuning("random", metric="loss", max_minutes=1.5)),
        ({"max_num_trials_started": 4}, Tuning("random", metric="loss", max_trials=4)),
        ({"max_num_trials_completed": 4}, Tuning("random", metric="loss", max_completed=4)),
        ({"max_num_trials_finished": 4}, Tuning("random", metric="loss", max_finished=4)),
        (
            {"scheduler": "asha", "scheduler_kwargs": {"grace_period": 2, "searcher": "bayesopt"}},
            Tuning("asha:first=2", "bo", metric="loss"),
        ),
    ],
)
def test_a_search_is_as_it_was_asked_for(said, meant):
    assert tuning_options(**UNLIMITED | said) == meant


def test_a_search_without_a_limit_stops_by_default():
    assert tuning_options(**UNLIMITED).trials == 20


def test_nothing_is_tuned_where_there_are_no_ranges():
    assert tuning_options(**UNLIMITED | {"has_ranges": False}) is None
    with pytest.warns(UserWarning, match="nothing is tuned: max_num_trials_started, n_workers"):
        tuning_options(**UNLIMITED | {"has_ranges": False, "max_num_trials_started": 3, "n_workers": 2})
