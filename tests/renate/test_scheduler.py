import pytest

from tests.renate.syne_tune import scheduler
from vernal.base import ConfigError
from vernal.renate.scheduler import CLASSES, Search, search_of
from vernal.tuning import PASHA, Tuning


@pytest.mark.parametrize(
    ("said", "kwargs", "meant"),
    [
        (None, None, Search("random")),
        ("random", None, Search("random")),
        ("bo", None, Search("bo")),
        ("asha", {}, Search("asha")),
        ("rush", None, Search("rush")),
        ("rush", {"grace_period": 3, "max_t": 9, "resource_attr": "epoch"}, Search("rush:first=3")),
        ("asha", {"searcher": "bayesopt", "brackets": 1}, Search("asha", "bo")),
        ("tpe", None, Search("tpe")),
        ("hyperband:eta=4", None, Search("hyperband:eta=4")),
        (scheduler("FIFOScheduler"), None, Search("random")),
        (scheduler("FIFOScheduler"), {"searcher": "kde"}, Search("tpe")),
        (scheduler("BayesianOptimization"), None, Search("bo")),
        (scheduler("HyperbandScheduler"), {"type": "pasha", "reduction_factor": 2}, Search("pasha:eta=2")),
        (scheduler("HyperbandScheduler"), {"type": "stopping"}, Search("asha")),
        (scheduler("PASHA"), {"max_resource_attr": "max_epochs"}, Search("pasha")),
        (scheduler("RUSHScheduler"), {"num_hyperparameters_per_task": 1}, Search("rush")),
        (scheduler("MOBSTER"), None, Search("asha", "bo")),
        (PASHA(eta=2), None, Search(PASHA(eta=2))),
    ],
)
def test_a_search_is_found_by_what_renate_called_it(said, kwargs, meant):
    assert search_of(said, kwargs, max_epochs=9) == meant


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_is_a_search_that_there_is(name):
    found = search_of(scheduler(name), None, max_epochs=9)
    Tuning(scheduler=found.scheduler, searcher=found.searcher)


@pytest.mark.parametrize(
    ("said", "kwargs", "message"),
    [
        (scheduler("MOREA"), None, "No scheduler is called 'MOREA'. Available: ASHA, BOHB, "),
        (scheduler("RushScheduler"), None, "No scheduler is called 'RushScheduler'. Did you mean 'RUSHScheduler'"),
        ("random", {"grace_period": 2}, r"scheduler_kwargs\['grace_period'\]: is not there. Available: searcher"),
        ("asha", {"grace_peroid": 2}, "is not there. Did you mean 'grace_period'"),
        ("asha", {"metric": "val_loss"}, r"scheduler_kwargs\['metric'\]: comes from the job itself. Leave it out"),
        ("asha", {"max_t": 5}, r"scheduler_kwargs\['max_t'\]: is 5, and can only be 9. Leave it out"),
        ("asha", {"brackets": 3}, r"scheduler_kwargs\['brackets'\]: is 3, and can only be 1"),
        ("asha", {"searcher": "grid"}, r"scheduler_kwargs\['searcher'\]: is 'grid'. Available: bayesopt, botorch, kde"),
        ("asha", {"type": "cost_promotion"}, r"scheduler_kwargs\['type'\]: is 'cost_promotion'"),
        ("hyperband", {"eta": 3}, "'hyperband' has its options in itself"),
    ],
)
def test_what_is_not_there_is_refused(said, kwargs, message):
    with pytest.raises(ConfigError, match=message):
        search_of(said, kwargs, max_epochs=9)


def test_everything_is_said_at_once():
    with pytest.raises(ConfigError) as error:
        search_of("asha", {"mode": "max", "brackets": 3}, max_epochs=9)
    assert len(error.value.problems) == 2
