"""What a user writes becomes a searcher and a scheduler, or an error that says what to write."""

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from optuna import pruners, samplers

from vernal.base import ConfigError
from vernal.tuning import (
    ASHA,
    BO,
    NSGA2,
    PASHA,
    RUSH,
    TPE,
    BoundingBox,
    Done,
    Enqueue,
    Full,
    Guard,
    Hyperband,
    Move,
    OptunaPruner,
    OptunaSearcher,
    RandomSearch,
    Suggestion,
    Tuning,
    View,
    scheduler_names,
    searcher_names,
)


def search(has_past: bool = False, **said: Any) -> tuple[Any, Any]:
    return Tuning(**said).search(has_past)


@dataclass(frozen=True)
class Mine:
    """A user's own, with both doors in turn."""

    option: int = 1

    def suggest(self, view: View) -> Suggestion:
        return Suggestion(view.default, "mine")


class Never:
    def next(self, view: View) -> Move:
        return Done()


NAMES = {
    "random": (RandomSearch(), Full()),
    "tpe": (TPE(), Full()),
    "bo": (BO(), Full()),
    "nsga2": (NSGA2(), Full()),
    "asha": (RandomSearch(), ASHA()),
    "pasha": (RandomSearch(), PASHA()),
    "hyperband": (RandomSearch(), Hyperband()),
    "rush": (Enqueue(RandomSearch()), RUSH()),
    "enqueue": (Enqueue(RandomSearch(), guard=Guard()), ASHA()),
    "bounding_box": (BoundingBox(RandomSearch(), guard=Guard()), ASHA()),
}


@pytest.mark.parametrize("has_past", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_a_scheduler_is_a_search(name: str, has_past: bool) -> None:
    assert search(has_past, scheduler=name) == NAMES[name]


def test_the_names_are_listed() -> None:
    assert scheduler_names() == sorted(NAMES)
    assert searcher_names() == ["bo", "nsga2", "random", "tpe"]


def test_the_default_uses_the_past_if_there_is_any() -> None:
    assert search() == (RandomSearch(), ASHA())
    assert search(has_past=True) == NAMES["enqueue"]
    assert search(has_past=True, transfer="none") == (RandomSearch(), ASHA())
    assert search(has_past=True, searcher="tpe") == (Enqueue(TPE(), guard=Guard()), ASHA())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"scheduler": "asha:eta=4,first=2"}, (RandomSearch(), ASHA(4.0, 2))),
        ({"scheduler": " asha : eta = 4 "}, (RandomSearch(), ASHA(4.0))),
        ({"scheduler": "pasha:eta=2.5", "searcher": "tpe:startup=4"}, (TPE(4), PASHA(2.5))),
        ({"scheduler": "tpe:startup=4"}, (TPE(4), Full())),
        ({"scheduler": "rush:eta=4", "searcher": "bo"}, (Enqueue(BO()), RUSH(4.0))),
        ({"scheduler": "enqueue:most=2"}, (Enqueue(RandomSearch(), most=2, guard=Guard()), ASHA())),
        ({"scheduler": "pasha", "transfer": "enqueue"}, (Enqueue(RandomSearch(), guard=Guard()), PASHA())),
        (
            {"scheduler": "bo", "transfer": "bounding_box:margin=0.2"},
            (BoundingBox(BO(), margin=0.2, guard=Guard()), Full()),
        ),
        ({"searcher": "nsga2"}, (NSGA2(), ASHA())),
    ],
)
def test_options_and_parts_go_together(said: dict[str, str], expected: tuple[Any, Any]) -> None:
    assert search(**said) == expected


def test_objects_are_taken_as_they_are() -> None:
    sampler, pruner, never = samplers.RandomSampler(), pruners.MedianPruner(), Never()
    assert search(scheduler=never) == (RandomSearch(), never)
    assert search(scheduler=ASHA(eta=2), searcher=Mine()) == (Mine(), ASHA(eta=2))
    assert search(scheduler=pruner) == (RandomSearch(), OptunaPruner(pruner))
    assert search(scheduler=pruner, searcher=sampler) == (OptunaSearcher(sampler), OptunaPruner(pruner))
    assert search(scheduler=sampler) == (OptunaSearcher(sampler), Full())
    assert search(scheduler=Mine()) == (Mine(), Full())
    assert search(scheduler=RUSH()) == (Enqueue(RandomSearch()), RUSH())
    assert search(transfer=Enqueue(TPE(), most=3)) == (Enqueue(TPE(), most=3), ASHA())


def test_several_objectives_train_every_trial_to_its_end() -> None:
    assert search(also="recall") == (NSGA2(), Full())
    assert search(also="recall", has_past=True) == (NSGA2(), Full())
    assert search(also="recall", scheduler="tpe") == (TPE(), Full())
    assert search(also="recall", searcher="bo") == (BO(), Full())
    assert search(also="recall", scheduler=Never())[0] == NSGA2()


@pytest.mark.parametrize(
    "scheduler", ["asha", "pasha:eta=2", "hyperband", "rush", "enqueue", ASHA(), pruners.NopPruner()]
)
def test_several_objectives_refuse_what_stops_early(scheduler: Any) -> None:
    with pytest.raises(
        ConfigError, match="stops trials early by one objective, and `also` names more: recall. Use one"
    ):
        Tuning(also="recall", scheduler=scheduler)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"scheduler": "ashaa"}, "No scheduler is called 'ashaa'. Did you mean 'asha' or 'pasha'. Available: asha, bo"),
        ({"searcher": "asha"}, "No searcher is called 'asha'. .*Available: bo, nsga2, random, tpe"),
        ({"transfer": "nothing"}, "No transfer is called 'nothing'. .*Available: bounding_box, enqueue, none"),
        ({"scheduler": "asha:eta"}, r"scheduler: 'asha:eta' is not spelled NAME\[:OPTION=VALUE,...\]. For example"),
        ({"scheduler": "asha:"}, "is not spelled"),
        ({"scheduler": "asha:eta=3,eta=4"}, "is not spelled"),
        ({"scheduler": "asha:etaa=3"}, "'asha:etaa=3': there is no option 'etaa'. Did you mean 'eta'. Available: eta"),
        ({"scheduler": "random:eta=3"}, "there is no option 'eta'. None is available"),
        ({"transfer": "enqueue:then=3"}, "there is no option 'then'. .*Available: most"),
        ({"scheduler": "asha:eta=x"}, "'asha:eta=x': `eta` must be a number, got 'x'"),
        ({"scheduler": "asha:first=1.5"}, "`first` must be a whole number, got '1.5'"),
        ({"scheduler": "asha:eta=0.5"}, "scheduler: 'asha:eta=0.5': `eta` must be at least 1, got 0.5"),
        ({"searcher": "tpe:startup=0"}, "searcher: 'tpe:startup=0': `startup` must be at least 1, got 0"),
        ({"scheduler": "tpe", "searcher": "bo"}, "Two things say which `searcher` .*: TPE.* and BO.*Leave one out"),
        ({"scheduler": "enqueue", "transfer": "none"}, "Two things say which `transfer` .*: 'enqueue' and 'none'"),
        ({"searcher": "bo", "transfer": Enqueue(TPE())}, "Two things say which `searcher`"),
        ({"scheduler": ASHA}, r"is <class .*ASHA'>, which is no scheduler. Give an object, not a class: ASHA\(\)"),
        ({"searcher": TPE}, r"Give an object, not a class: TPE\(\)"),
        ({"searcher": samplers.TPESampler}, r"Give an object, not a class: TPESampler\(\)"),
        ({"scheduler": 3}, r"is 3, which is no scheduler. Give a name \(asha, .*\) or an object with a method `next"),
        ({"searcher": Never()}, "which is no searcher. Give a name .* or an object with a method `suggest"),
        ({"searcher": pruners.NopPruner()}, "which is no searcher"),
        ({"transfer": 3}, r"is 3, which is no transfer. Give a name \(none, enqueue, bounding_box\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_when_it_is_written(said: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        Tuning(**said)


def test_names_are_looked_up_without_importing_optuna() -> None:
    code = "import sys; from vernal.tuning import Tuning; Tuning(scheduler='bo'); assert 'optuna' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_determines_the_outcome_tells_parts_of_parts_apart() -> None:
    said = [
        Tuning(searcher=searcher).to_json()["searcher"]
        for searcher in (
            OptunaSearcher(samplers.TPESampler(n_startup_trials=3)),
            OptunaSearcher(samplers.TPESampler(n_startup_trials=4)),
            OptunaSearcher(samplers.RandomSampler()),
            samplers.RandomSampler(),
            Enqueue(TPE()),
            Enqueue(BO()),
            Enqueue(BO(), guard=Guard()),
            Mine(),
            Mine(2),
        )
    ]
    assert len({*said}) == len(said)
    assert all(one is not None and "0x" not in one for one in said)
    again = Tuning(searcher=OptunaSearcher(samplers.TPESampler(n_startup_trials=3, seed=1))).to_json()["searcher"]
    assert again == said[0]  # The view seeds it.
