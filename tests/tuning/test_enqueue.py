from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError
from vernal.space import Space, choice, uniform
from vernal.tuning import Enqueue, Goal, Guard, Objective, Past, RandomSearch, Suggestion, Trial, View

SPACE = Space({"alpha": uniform(0, 1), "kind": choice("a", "b")})
GOAL = Goal((Objective("loss", False),))
DEFAULT = {"alpha": 0.5, "kind": "a"}


def past(update: str, *alphas: float) -> Past:
    """An update that found these values, the best one first."""
    trials = (
        Trial(n, {"alpha": alpha, "kind": "b"}, "random", 9, "complete", ({"loss": float(n)},))
        for n, alpha in enumerate(alphas)
    )
    return Past(update, SPACE, {}, "loss", False, 9, tuple(trials))


def searched(searcher: Enqueue | RandomSearch, view: View, trials: int) -> list[Suggestion]:
    """What a search suggests, if history is right: what it brings has the lowest loss."""
    suggestions = []
    for number in range(trials):
        suggestion = searcher.suggest(view)
        suggestions.append(suggestion)
        loss = 0.0 if suggestion.origin.startswith("update") else 1.0
        trial = Trial(number, suggestion.config, suggestion.origin, 1, "paused", ({"loss": loss},))
        view = replace(view, trials=(*view.trials, trial))
    return suggestions


def view(*pasts: Past) -> View:
    return View(SPACE, DEFAULT, GOAL, levels=9, past=pasts)


def origins(searcher: Enqueue, seen: View, trials: int) -> list[str]:
    return [suggestion.origin for suggestion in searched(searcher, seen, trials)]


def test_the_default_comes_first_then_the_best_of_each_update_the_newest_first() -> None:
    seen = view(past("one", 0.1, 0.9), past("two", 0.2), past("three", 0.3, 0.8))
    suggestions = searched(Enqueue(RandomSearch()), seen, 5)
    assert [one.origin for one in suggestions] == ["default", "update three", "update two", "update one", "random"]
    assert [one.config["alpha"] for one in suggestions[:4]] == [0.5, 0.3, 0.2, 0.1]


def test_only_the_latest_updates_are_asked() -> None:
    seen = view(past("one", 0.1), past("two", 0.2), past("three", 0.3))
    assert origins(Enqueue(RandomSearch(), most=2), seen, 4) == ["default", "update three", "update two", "random"]


def test_nothing_is_tried_twice() -> None:
    default = replace(past("two", 0.2), trials=(Trial(0, DEFAULT, "default", 9, "complete", ({"loss": 0.0},)),))
    seen = view(past("one", 0.1), past("again", 0.1), default)
    assert origins(Enqueue(RandomSearch()), seen, 3) == ["default", "update again", "random"]


def test_with_a_guard_history_takes_turns_with_what_knows_nothing_of_it() -> None:
    seen = view(*(past(str(n), n / 10) for n in range(1, 6)))
    told = origins(Enqueue(RandomSearch(), guard=Guard()), seen, 9)
    assert [origin.split()[0] for origin in told] == [
        *("default", "update", "update", "random", "update", "random", "update", "update", "random")
    ]


def test_a_refuted_history_is_not_asked_any_more() -> None:
    trials = [Trial(n, {"alpha": n / 10, "kind": "b"}, f"update {n}", 1, "paused", ({"loss": 9.0},)) for n in (1, 2, 3)]
    trials += [Trial(n, {"alpha": n / 10, "kind": "a"}, "random", 1, "paused", ({"loss": 1.0},)) for n in (4, 5, 6)]
    seen = replace(view(past("new", 0.7)), trials=tuple(trials))
    assert Enqueue(RandomSearch()).suggest(seen).origin == "update new"
    assert Enqueue(RandomSearch(), guard=Guard()).suggest(seen).origin == "random"


def test_it_asks_at_least_one_update() -> None:
    with pytest.raises(ConfigError, match="`most` must be at least 1"):
        Enqueue(RandomSearch(), most=0)


incompatible = st.sampled_from(
    [
        view(),
        view(past("empty")),
        view(replace(past("other", 0.1), metric="accuracy")),
        view(replace(past("other", 0.1), higher_is_better=True)),
        view(past("outside", 1.5)),
    ]
)


@given(incompatible, st.integers(0, 2**32), st.booleans())
def test_without_a_history_that_fits_it_is_the_other_searcher(seen: View, seed: int, guarded: bool) -> None:
    seen = replace(seen, seed=seed)
    searcher = Enqueue(RandomSearch(), guard=Guard() if guarded else None)
    assert searched(searcher, seen, 6) == searched(RandomSearch(), seen, 6)


@given(st.lists(st.lists(st.floats(0, 1), max_size=3), max_size=4), st.integers(0, 9), st.booleans())
def test_every_suggestion_lies_in_the_space_and_depends_on_the_view_alone(
    alphas: list[list[float]], seed: int, guarded: bool
) -> None:
    seen = replace(view(*(past(str(n), *own) for n, own in enumerate(alphas))), seed=seed)
    searcher = Enqueue(RandomSearch(), guard=Guard() if guarded else None)
    suggestions = searched(searcher, seen, 8)
    assert all(SPACE.holds(one.config) for one in suggestions)
    assert suggestions == searched(searcher, seen, 8)
