from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from vernal.space import Space, choice, loguniform, uniform
from vernal.tuning import Constraint, Goal, Objective, Past, Trial, View
from vernal.tuning.compatible import compatible

NAN = float("nan")
LR = Space({"lr": loguniform(0.001, 1)})
BOTH = Space({"lr": loguniform(0.001, 1), "momentum": uniform(0, 1)})


def row(number: int, config: Mapping[str, Any], *losses: float, status: str = "paused") -> Trial:
    return Trial(number, config, "random", len(losses), status, tuple({"loss": loss} for loss in losses))  # type: ignore[arg-type]


def past(*trials: Trial, space: Space = LR, fixed: Mapping[str, Any] | None = None, metric: str = "loss") -> Past:
    return Past("1a2b", space, fixed or {}, metric, False, 27, trials)


def view(*pasts: Past, space: Space = LR, fixed: Mapping[str, Any] | None = None, constraints: Any = ()) -> View:
    goal = Goal((Objective("loss", False),), tuple(map(Constraint.parse, constraints)))
    return View(space, {}, goal, past=pasts, fixed=fixed or {})


def rates(seen: View) -> list[float]:
    return [trial.config["lr"] for one in compatible(seen) for trial in one.trials]


# Seven rows: one a duplicate, one without a finite objective, one without a value for the hyperparameter.
SEVEN = (
    row(0, {"lr": 0.1}, 3.0, 2.0, 1.0),
    row(1, {"lr": 0.01}, 3.0, 2.5),
    row(2, {"lr": 0.4}, 4.0),
    row(3, {"lr": 0.5}, 5.0),
    row(4, {"lr": 0.5}, 6.0),
    row(5, {"lr": 0.2}, NAN),
    row(6, {}, 1.0),
)


def test_of_seven_rows_four_count_and_their_curves_stay_ragged() -> None:
    [one] = compatible(view(past(*SEVEN)))
    assert [trial.config for trial in one.trials] == [{"lr": 0.1}, {"lr": 0.01}, {"lr": 0.4}, {"lr": 0.5}]
    assert [trial.level for trial in one.trials] == [3, 2, 1, 1]


@pytest.mark.parametrize(
    "nothing",
    [
        view(past(*SEVEN), space=BOTH),  # a new hyperparameter
        view(past(*SEVEN, metric="accuracy")),
        view(past()),
        view(past(row(0, {"lr": 0.1}, NAN), row(1, {"lr": 0.2}, float("inf")))),
        view(),
    ],
    ids=["new hyperparameter", "unknown metric", "empty", "not finite", "no history"],
)
def test_what_says_nothing_is_left_out(nothing: View) -> None:
    assert compatible(nothing) == ()


def test_each_name_is_known_from_the_updates_that_had_it() -> None:
    first = past(row(0, {"lr": 0.1}, 1.0))
    second = past(row(0, {"lr": 0.2, "momentum": 0.9}, 1.0), space=BOTH)
    momentum = Space({"momentum": uniform(0, 1)})
    assert len(compatible(view(first, second))) == 2
    assert [[*one.trials[0].config] for one in compatible(view(first, second, space=momentum))] == [["momentum"]]


def test_only_the_latest_that_count_are_taken_the_oldest_of_them_first() -> None:
    pasts = [Past(str(n), LR, {}, "loss", False, 9, (row(0, {"lr": n / 10}, 1.0),)) for n in range(1, 5)]
    assert [one.update for one in compatible(view(*pasts, past()), most=2)] == ["3", "4"]
    assert [one.update for one in compatible(view(*pasts))] == ["1", "2", "3", "4"]


def test_of_each_update_as_many_as_asked_for_are_taken_the_best() -> None:
    [one] = compatible(view(past(*SEVEN)), best=2)
    assert [trial.config["lr"] for trial in one.trials] == [0.1, 0.01]


def test_the_same_number_that_improves_the_other_way_is_another_objective() -> None:
    other_way = Past("1a2b", LR, {}, "loss", True, 27, (row(0, {"lr": 0.1}, 1.0),))
    assert compatible(view(other_way)) == ()


def test_a_value_that_was_fixed_then_counts_where_it_is_tuned_today() -> None:
    then = past(row(0, {"lr": 0.1}, 1.0), fixed={"momentum": 0.9})
    [one] = compatible(view(then, space=BOTH))
    assert one.trials[0].config == {"lr": 0.1, "momentum": 0.9}
    assert one.space == BOTH


@pytest.mark.parametrize("value", [1.5, "high", None])
def test_a_value_outside_of_todays_range_does_not(value: object) -> None:
    assert compatible(view(past(row(0, {"lr": 0.1}, 1.0), fixed={"momentum": value}), space=BOTH)) == ()


def test_of_a_trial_only_what_is_tuned_today_remains() -> None:
    assert rates(view(past(row(0, {"lr": 0.1, "momentum": 0.5}, 1.0), space=BOTH))) == [0.1]


def test_trials_that_differ_only_in_what_is_no_longer_tuned_are_one() -> None:
    worse, better = row(0, {"lr": 0.1, "momentum": 0.5}, 2.0), row(1, {"lr": 0.1, "momentum": 0.7}, 1.0)
    [one] = compatible(view(past(worse, better, space=BOTH)))
    assert [trial.number for trial in one.trials] == [1]


OPTIMIZERS = Space({"lr": loguniform(0.001, 1), "optimizer": choice("SGD", "Adam")})


def test_rows_found_under_another_option_than_todays_are_left_out() -> None:
    then = past(
        row(0, {"lr": 0.1, "optimizer": "SGD"}, 1.0), row(1, {"lr": 0.01, "optimizer": "Adam"}, 2.0), space=OPTIMIZERS
    )
    assert rates(view(then, fixed={"optimizer": "Adam"})) == [0.01]
    assert rates(view(past(row(0, {"lr": 0.1}, 1.0), fixed={"optimizer": "SGD"}), fixed={"optimizer": "Adam"})) == []


def test_rows_found_under_another_number_come_after_those_that_agree() -> None:
    then = past(row(0, {"lr": 0.1, "momentum": 0.5}, 1.0), row(1, {"lr": 0.2, "momentum": 0.9}, 2.0), space=BOTH)
    assert rates(view(then, fixed={"momentum": 0.9})) == [0.2, 0.1]
    assert rates(view(then, fixed={"momentum": 0.5})) == [0.1, 0.2]


def test_true_is_an_option_and_no_number() -> None:
    then = past(row(0, {"lr": 0.1}, 1.0), fixed={"nesterov": False})
    assert rates(view(then, fixed={"nesterov": True})) == []


def test_what_was_not_known_then_says_nothing() -> None:
    assert rates(view(past(row(0, {"lr": 0.1}, 1.0)), fixed={"dropout": 0.5})) == [0.1]


def test_a_name_that_does_not_exist_under_its_conditions_needs_no_value() -> None:
    space = Space({"optimizer": choice("SGD", "Adam"), "momentum": uniform(0, 1).only_if(optimizer="SGD")})
    adam, sgd = row(0, {"optimizer": "Adam", "momentum": 0.5}, 1.0), row(1, {"optimizer": "SGD"}, 2.0)
    [one] = compatible(view(past(adam, sgd), space=space))
    assert [trial.config for trial in one.trials] == [{"optimizer": "Adam"}]


def test_a_trial_that_failed_says_nothing_that_could_be_carried_over() -> None:
    assert rates(view(past(row(0, {"lr": 0.1}, 1.0, status="failed"), row(1, {"lr": 0.2}, 2.0)))) == [0.2]


def test_trials_are_compared_within_the_level_at_which_they_stopped_and_never_across() -> None:
    first, third, ninth = row(0, {"lr": 0.1}, 0.1), row(1, {"lr": 0.2}, 5.0, 3.0, 2.0), row(2, {"lr": 0.3}, *[4.0] * 9)
    better_third = row(3, {"lr": 0.4}, 9.0, 9.0, 1.0)
    assert rates(view(past(first, third, ninth, better_third))) == [0.3, 0.4, 0.2, 0.1]


def test_constraints_of_today_are_judged_by_what_was_measured_then() -> None:
    breaks = Trial(0, {"lr": 0.1}, "random", 1, "paused", ({"loss": 1.0, "forgetting": 0.5},))
    keeps = Trial(1, {"lr": 0.2}, "random", 1, "paused", ({"loss": 2.0, "forgetting": 0.0},))
    unknown = row(2, {"lr": 0.3}, 0.5)
    assert rates(view(past(breaks, keeps, unknown), constraints=["forgetting<=0.1"])) == [0.2, 0.1, 0.3]
    assert rates(view(past(breaks, keeps, unknown))) == [0.3, 0.1, 0.2]
