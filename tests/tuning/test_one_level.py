"""Trials that were trained unequally long, made comparable."""

from dataclasses import replace

from tests.tuning.searches import LOSS
from vernal.space import Space
from vernal.tuning import Trial, View
from vernal.tuning.one_level import at_one_level


def paused(number: int, *losses: float | None) -> Trial:
    return Trial(number, {}, "", 9, "paused", tuple({"loss": loss} for loss in losses))


VIEW = View(Space({}), {}, LOSS, (paused(0, 5, 4, 3), paused(1, 6, 5), paused(2, 7), paused(3)), levels=9)


def test_the_highest_level_that_enough_have_reached_counts() -> None:
    finals = {
        n: [t.final and t.final["loss"] for t in at_one_level(VIEW, n).trials if t.status == "complete"]
        for n in (1, 2, 3)
    }
    assert finals == {1: [3], 2: [4, 5], 3: [5, 6, 7]}


def test_nothing_changes_where_enough_are_complete_or_too_few_have_reached_anything() -> None:
    assert at_one_level(VIEW, 4) == VIEW
    complete = replace(VIEW.trials[0], status="complete", final={"loss": 2.5})
    view = replace(VIEW, trials=(complete, *VIEW.trials[1:]))
    assert at_one_level(view, 1) == view


def test_a_complete_trial_is_compared_at_the_level_too() -> None:
    complete = replace(VIEW.trials[0], status="complete", final={"loss": 2.5})
    view = at_one_level(replace(VIEW, trials=(complete, *VIEW.trials[1:])), 2)
    assert [trial.final for trial in view.trials[:2]] == [{"loss": 4}, {"loss": 5}]


def test_running_trials_count_and_failed_ones_do_not() -> None:
    trials = (replace(VIEW.trials[0], status="running"), replace(VIEW.trials[1], status="failed"), VIEW.trials[2])
    assert [t.status for t in at_one_level(replace(VIEW, trials=trials), 2).trials] == [
        "complete",
        "failed",
        "complete",
    ]
