"""What a page says of tuning, in words and in tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.report.pages import Grid, Page, names_elsewhere
from tests.report.records import without_validation
from tests.report.tunings import FOUR, past_of, trial, tuned, tuned_page, tuned_records
from vernal.report import lineage_report
from vernal.report.tuning_reading import read_importance, read_tuning
from vernal.space import Space

RATE = {"learning_rate": 0.01}


def said(**changes: Any) -> str:
    return " ".join(read_tuning(tuned(**changes))).replace("\N{NO-BREAK SPACE}", " ")


def table_of(page: Page, first: str) -> Grid:
    """The table whose first heading is this."""
    return next(table for table in page.tables if table.rows[0][0].text == first)


def test_the_search_is_told_from_its_space_to_its_end() -> None:
    text = said()
    assert (
        "3 hyperparameters were tuned for accuracy (higher is better), with the scheduler ASHA and the "
        "searcher RandomSearch."
    ) in text
    assert "4 trials began: 2 trained to the end, 1 stopped before it, 1 failed." in text
    assert "Why the search ended: 4 trials have begun, the most that may." in text
    assert "The most frequent failure, once: RuntimeError: out of memory" in text


def test_the_choice_is_measured_by_the_default() -> None:
    text = said()
    assert "Chosen: trial 2. It reached accuracy 90.0 %." in text
    assert "At the end, the default, trial 0, had 75.0 % and the chosen one 90.0 %: a gain of 15.0 points." in text


def test_the_values_that_were_chosen_stand_beside_their_ranges_and_the_default() -> None:
    assert table_of(Page(tuned_page(chosen=1)), "hyperparameter").texts()[1:] == [
        ["optimizer", "SGD, Adam", "SGD", "Adam"],
        ["learning_rate", "0.001 to 0.1, logarithmic", "0.01", "0.1"],
        ["momentum", "0 to 1 (if optimizer is SGD)", "0.5", "–"],
    ]


def test_a_default_that_was_stopped_is_compared_where_it_stopped() -> None:
    trials = [trial(0, RATE, [0.5, 0.6], "paused", "default"), trial(1, RATE, [0.4, 0.7, 0.9])]
    text = said(stored=past_of(trials, levels=3), chosen=1)
    assert "At epoch 2, where that stopped, the default, trial 0, had 60.0 %" in text
    assert "a gain of 10.0 points." in text


def test_a_smaller_error_is_a_gain_and_a_larger_one_a_loss() -> None:
    trials = [trial(n, RATE, [score], metric="mae") for n, score in enumerate([2.0, 1.5, 3.0])]
    past = past_of(trials, levels=1, metric="mae", higher_is_better=False)
    assert "a gain of 0.5." in said(stored=past, chosen=1)
    assert "a loss of 1." in said(stored=past, chosen=2)


@pytest.mark.parametrize("scores", [[], [None]])
def test_a_default_that_was_not_measured_is_not_compared(scores: list[None]) -> None:
    trials = [trial(0, RATE, scores, "failed"), trial(1, RATE, [0.5])]
    text = said(stored=past_of(trials, levels=1), chosen=1)
    assert "gain" not in text.replace("gained", "")
    assert "was not measured" in text or "has no accuracy to compare with" in text


def test_the_default_may_be_the_best() -> None:
    assert "That is the default, which the plan would have used without a search" in said(chosen=0)


def test_costs_are_told_in_epochs_time_and_money() -> None:
    assert (
        "The search trained 9 epochs, 56 % of the 16 that training every trial to its end would have taken, in "
        "1 min 5 s. At the given price per hour, that cost 1.50."
    ) in said(cost=1.5)
    assert "price" not in said()


def test_a_level_that_is_no_epoch_is_not_called_one() -> None:
    html = tuned_page(budget="500st")
    assert "The search trained 9 levels," in html
    assert "A level is one of 4 equal shares of the budget." in html
    assert "epoch" not in Page(html).text


def test_what_the_architecture_of_the_champion_demands_is_told() -> None:
    past = past_of([trial(0, {}, [0.5])], Space({}), levels=1)
    page = Page(tuned_page(past, chosen=0, frozen={"hidden": 64}, config={"hidden": 64}, importance={}))
    assert "As in the champion, whose architecture depends on it: hidden (64)." in page.text
    assert page.count("svg") == 2


def test_constraints_are_told_with_whether_they_are_met() -> None:
    bounds = ["forgetting <= 0.02", "latency_ms <= 5"]
    assert "It must hold that forgetting <= 0.02 and latency_ms <= 5. The chosen trial keeps" in said(
        constraints=bounds
    )
    assert "No feasible trial: the champion stays." in said(constraints=bounds, feasible=False)
    assert "must hold" not in said()


def test_importance_from_few_trials_is_called_a_hint() -> None:
    assert "estimated from 3 trials, 2 of which are complete: so few tell little." in read_importance(tuned())
    many = past_of([trial(n, RATE, [0.5]) for n in range(20)], levels=1)
    assert "estimated from 20 trials, 20 of which are complete." in read_importance(tuned(many, 0))


def test_importance_is_a_bar_for_each_hyperparameter_the_longest_first() -> None:
    page = Page(tuned_page())
    bars = [attributes["style"] for _, attributes in page.tags if attributes.get("class") == "bar"]
    assert bars == ["--share: 70%", "--share: 25%", "--share: 5%"]


def test_every_trial_has_a_row() -> None:
    rows = table_of(Page(tuned_page()), "trial").texts()
    assert rows[1:] == [
        ["0", "SGD", "0.01", "0.5", "default", "4 of 4", "75.0", "6.0", "complete"],
        ["1", "Adam", "0.1", "", "random", "1 of 4", "40.0", "1.5", "stopped"],
        ["2", "SGD", "0.03", "1", "random", "4 of 4", "90.0", "6.0", "chosen"],
        ["3", "Adam", "0.001", "", "random", "0 of 4", "–", "0.0", "failed: RuntimeError: out of memory"],
    ]


def test_a_long_table_is_folded_away() -> None:
    trials = [trial(n, RATE, [0.5]) for n in range(100)]
    page = Page(tuned_page(past_of(trials, levels=1), chosen=0))
    assert [("open" in attributes) for tag, attributes in page.tags if tag == "details"] == [True, False]
    assert len(table_of(page, "trial").rows) == 101


def test_all_trials_may_have_failed() -> None:
    trials = [trial(n, RATE, [], "failed", error="No <memory>") for n in range(3)]
    page = Page(tuned_page(past_of(trials), chosen=None, importance={}))
    assert "Nothing was chosen: no trial has a model." in page.text
    assert "The most frequent failure, 3 times: No <memory>" in page.text
    assert page.count("svg") == 1
    assert "Which hyperparameters mattered" not in page.text


def test_what_earlier_updates_brought_is_set_beside_the_others_at_the_same_epochs() -> None:
    trials = [
        trial(0, RATE, [0.5, 0.6], origin="default"),
        trial(1, RATE, [0.7, 0.8], origin="update 1a2b"),
        trial(2, RATE, [0.3], "paused", origin="box, random"),
        trial(3, RATE, [0.4], "paused"),
    ]
    page = Page(tuned_page(past_of(trials, levels=2), chosen=1, past=["1a2b", "3c4d"], transfer="enqueue"))
    assert "learned in updates 1a2b and 3c4d (transfer: enqueue); 2 trials began with what that brought." in page.text
    rows = table_of(page, "trials").texts()
    assert rows[0] == ["trials", "began", "epoch 1", "epoch 2"]
    assert rows[1] == ["of earlier updates", "2", "70.0 (50.0, 2)", "80.0 (80.0, 1)"]
    assert rows[2] == ["the others", "2", "50.0 (45.0, 2)", "60.0 (60.0, 1)"]


def test_without_trials_of_earlier_updates_there_is_nothing_to_compare() -> None:
    assert "What earlier updates brought" not in Page(tuned_page()).text


def test_a_trade_off_has_a_drawing_and_a_table() -> None:
    trials = [trial(n, RATE, [score], also={"ms": 9 - n}) for n, score in enumerate([0.9, 0.5, 0.4])]
    page = Page(tuned_page(past_of(trials, levels=1), chosen=0, also=["ms"], pareto=[0, 2]))
    assert "Trade-off: accuracy against ms" in page.text
    assert "and for ms beside it" in page.text
    table = next(table for table in page.tables if "none other beats" in table.caption)
    assert [row[:3] for row in table.texts()] == [["trial", "accuracy", "ms"], ["0", "0.9", "9"], ["2", "0.4", "7"]]


def test_two_tuned_updates_are_set_side_by_side_and_the_last_one_is_unfolded() -> None:
    page = Page(tuned_page(n=2))
    rows = next(table for table in page.tables if "tuned for" in table.texts()[0]).texts()
    assert rows[0][2:5] == ["optimizer", "learning_rate", "momentum"]
    assert rows[2] == ["2", "chunk 2", "SGD", "0.03", "1", "accuracy in %", "90.0", "4", "9 epochs", "1 min 5 s"]
    searches = [attributes for tag, attributes in page.tags if tag == "details" and attributes.get("class") == "search"]
    assert ["open" in attributes for attributes in searches] == [False, True]


def test_one_tuned_update_is_not_set_beside_itself() -> None:
    assert "The choices of all updates" not in Page(tuned_page()).text


def test_an_update_that_was_not_tuned_says_nothing_of_it() -> None:
    first, second = tuned_records(past_of(), 2, n=2)
    page = Page(lineage_report([without_validation(1)[0], second], tunings={"id2": past_of()}))
    assert page.text.count("All trials") == 1
    assert "tuned" not in Page(lineage_report([first])).text


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert names_elsewhere(tuned_page()) == []


def test_one_trial_with_one_epoch_is_enough() -> None:
    page = Page(tuned_page(past_of([FOUR[0] | {"curve": [{"accuracy": 0.5}]}], levels=1), chosen=0))
    assert "One trial began: 1 trained to the end." in page.text
    assert page.count("svg") == 2
