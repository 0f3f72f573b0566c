from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError
from vernal.space import Space, uniform
from vernal.tuning import Goal, Guard, Objective, Trial, View
from vernal.tuning.guard import chance

SPACE = Space({"alpha": uniform(0, 1)})
GOAL = Goal((Objective("loss", False),))


def view(*told: tuple[str, float]) -> View:
    """A search whose trials stopped at the first level, told as origins and losses."""
    trials = (
        Trial(number, {"alpha": 0.5}, origin, 1, "paused", ({"loss": loss},))
        for number, (origin, loss) in enumerate(told)
    )
    return View(SPACE, {"alpha": 0.5}, GOAL, tuple(trials), levels=9)


def in_turn(history: list[float], others: list[float]) -> View:
    return view(*((f"update {n}", loss) for n, loss in enumerate(history)), *(("random", loss) for loss in others))


def test_history_and_what_knows_nothing_of_it_take_turns_at_first() -> None:
    told: list[tuple[str, float]] = [("default", 1.0)]
    for _ in range(8):
        told.append(("update 1a2b" if Guard().admits(view(*told)) else "random", 1.0))
    assert ["h" if origin.startswith("update") else "-" for origin, _ in told] == [*"-hh-h-hhh"]


def test_history_that_inverts_the_ranking_is_refuted_when_two_of_each_were_seen() -> None:
    assert not Guard().refutes(in_turn([7, 8], [1]))
    assert Guard().refutes(in_turn([7, 8], [1, 2]))
    assert not Guard().admits(in_turn([7, 8], [1, 2]))


def test_a_history_that_was_refuted_speaks_again_when_the_rest_gets_worse() -> None:
    assert Guard().admits(in_turn([7, 8], [1, 2, 9, 9, 9, 9]))


def test_a_stricter_level_needs_more_of_each() -> None:
    assert not Guard(level=0.05).refutes(in_turn([7, 8], [1, 2]))
    assert Guard(level=0.05).refutes(in_turn([7, 8, 9], [1, 2, 3]))


@pytest.mark.parametrize("history", [[1, 2, 3], [2, 4, 6], [1, 8, 9]])
def test_history_that_is_not_worse_beyond_chance_goes_on(history: list[float]) -> None:
    assert Guard().admits(in_turn(history, [3, 5, 7]))


def test_who_is_as_good_refutes_nothing() -> None:
    assert not Guard().refutes(view(*[("random", 1.0)] * 3, *[("update 1", 1.0)] * 3))
    assert Guard().admits(in_turn([], []))


def test_a_search_whose_first_trial_was_complete_before_its_first_level_has_a_first_rung() -> None:
    done = Trial(0, {"alpha": 0.5}, "default", 1, "complete", (), final={"loss": 1.0})
    assert Guard().admits(View(SPACE, {}, GOAL, (done,)))


def test_what_came_out_of_a_box_came_from_history() -> None:
    outside, inside = [("random", float(n)) for n in range(3)], [("box, random", float(n)) for n in range(7, 10)]
    assert Guard().refutes(view(*outside, *inside))


def test_only_what_was_measured_at_the_first_rung_counts() -> None:
    seen = in_turn([7, 8, 9], [1, 2, 3])
    promoted = Trial(6, {"alpha": 0.1}, "update 9", 9, "complete", ({"loss": 9.5}, *[{"loss": 0.0}] * 8))
    running = Trial(7, {"alpha": 0.1}, "update 8", 1)
    assert Guard().refutes(View(SPACE, {}, GOAL, (*seen.trials, promoted, running), levels=9))


def test_more_turns_need_more_evidence_before_history_speaks_alone() -> None:
    assert Guard(turns=3).admits(in_turn([1, 2, 3, 4], [5, 6, 7]))
    assert not Guard(turns=5).admits(in_turn([1, 2, 3, 4], [5, 6, 7]))


@pytest.mark.parametrize("options", [{"turns": 0}, {"level": 1.5}])
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=f"`{next(iter(options))}` must be"):
        Guard(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n", "m"), [(3, 3), (2, 4), (4, 3), (5, 5), (2, 7)])
def test_the_chance_is_that_of_all_orders_being_as_likely(n: int, m: int) -> None:
    """Against counting: of all ways to place n things among n + m, those that win at least so often."""
    orders = [*itertools.combinations(range(n + m), n)]
    won = [sum(sum(other not in order for other in range(place + 1, n + m)) for place in order) for order in orders]
    for wins in range(n * m + 1):
        exact = sum(count >= wins for count in won) / math.comb(n + m, n)
        assert chance(wins, n, m) == pytest.approx(exact, abs=0.03)


@given(st.lists(st.floats(0, 1), max_size=8), st.lists(st.floats(0, 1), max_size=8))
def test_history_that_is_nowhere_worse_is_never_refuted(history: list[float], others: list[float]) -> None:
    assert not Guard().refutes(in_turn([loss - 1 for loss in history], others))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_the_better_the_rest_the_sooner_history_is_refuted(history: list[float], others: list[float]) -> None:
    if Guard().refutes(in_turn(history, others)):
        assert Guard().refutes(in_turn(history, [loss - 0.5 for loss in others]))


def test_history_that_fails_before_the_first_rung_is_worse_than_all_that_got_there() -> None:
    seen = view(("default", 1.0), ("random", 9.0))
    failed = (Trial(n, {"alpha": 0.5}, f"update {n}", 1, "failed", error="diverged") for n in (2, 3))
    assert Guard().refutes(View(SPACE, {"alpha": 0.5}, GOAL, (*seen.trials, *failed), levels=9))
