"""Where values lie along an axis."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vernal.report.rulers import MOST_OPTIONS, Options, Ruler, described, ruler_of, shortened, spelled
from vernal.space import Space, choice, lograndint, loguniform, randint, uniform

numbers = st.floats(-1e12, 1e12)


@given(numbers, numbers, numbers)
def test_every_number_lies_between_the_ends(one: float, other: float, value: float) -> None:
    place = Ruler(min(one, other), max(one, other)).place(value)
    assert place is not None
    assert 0 <= place <= 1


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9), st.floats(1e-12, 1e12))
def test_every_number_lies_between_the_ends_of_a_logarithmic_axis(one: float, other: float, value: float) -> None:
    place = Ruler(min(one, other), max(one, other), log=True).place(value)
    assert place is not None
    assert 0 <= place <= 1


@given(numbers, numbers)
def test_marks_are_few_and_no_two_say_the_same(low: float, high: float) -> None:
    assume(high - low > 1e-6 * max(abs(low), abs(high), 1e-3))
    ticks = Ruler(low, high).ticks
    assert 2 <= len(ticks) <= 7
    assert len({tick.label for tick in ticks}) == len(ticks)


def test_marks_are_round_numbers() -> None:
    assert [tick.label for tick in Ruler(0.13, 0.99).ticks] == ["0.2", "0.4", "0.6", "0.8"]
    assert [tick.label for tick in Ruler(-1, 1).ticks] == ["-1", "-0.5", "0", "0.5", "1"]


def test_epochs_are_marked_by_whole_numbers() -> None:
    assert [tick.label for tick in Ruler(1, 3, whole=True).ticks] == ["1", "2", "3"]
    assert [tick.label for tick in Ruler(1, 1, whole=True).labelled_ends] == ["1"]


def test_orders_of_magnitude_take_the_same_room_and_many_are_thinned_out() -> None:
    assert [tick.place for tick in Ruler(0.01, 100, log=True).ticks] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert len(Ruler(1e-20, 1e20, log=True).ticks) <= 8


def test_the_ends_of_a_range_are_labelled_even_where_no_round_number_is() -> None:
    assert [tick.label for tick in Ruler(0.2, 0.7, log=True).labelled_ends] == ["0.2", "0.7"]


def test_a_trial_that_diverged_does_not_press_the_others_together() -> None:
    ruler = Ruler.over([0.5, 0.6, 0.7, 0.8, 0.9, 1e30], best=0.5)
    assert (ruler.low, ruler.high) == pytest.approx((0.5, 1.3))
    assert ruler.place(1e30) == 1
    assert not ruler.holds(1e30)


def test_every_fifth_trial_being_bad_is_no_reason_to_cut_it_off() -> None:
    assert Ruler.over([0.9] * 7 + [0.95, 0.1, 0.1], best=0.95) == Ruler(0.1, 0.95)


def test_equal_numbers_have_an_axis() -> None:
    assert Ruler.over([0.0, 0.0], best=0.0).place(0.0) == 0.5
    assert Ruler.over([7.0], best=7.0).place(7.0) == pytest.approx(0.5)


def test_what_is_no_number_has_no_place() -> None:
    assert Ruler(0, 1).place("0.5") is Ruler(0, 1).place(None) is Ruler(0, 1).place(True) is None


def test_options_are_told_apart_by_type() -> None:
    options = Options([False, 1, "1", None])
    assert [options.place(value) for value in (False, 1, "1", None)] == [0, 1 / 3, 2 / 3, 1]
    assert options.place(True) is options.place(0) is None


@given(st.integers(1, 300))
def test_many_options_are_not_all_labelled_but_the_first_and_the_last_are(n: int) -> None:
    ticks = Options([*range(n)]).labelled_ends
    assert len(ticks) == min(n, MOST_OPTIONS)
    assert (ticks[0].label, ticks[-1].label) == ("0", str(n - 1))


def test_every_range_has_its_axis_and_its_words() -> None:
    ranges = {"a": uniform(0, 2, step=0.5), "b": loguniform(0.1, 2), "c": randint(1, 5), "d": choice("er", ("x", 1))}
    plain = json.loads(json.dumps(Space({**ranges, "e": lograndint(1, 5).only_if(d="er")}).to_json()))
    assert {one["name"]: ruler_of(one) for one in plain} == {
        "a": Ruler(0, 2),
        "b": Ruler(0.1, 2, log=True),
        "c": Ruler(1, 5, whole=True),
        "d": Options(["er", ["x", 1]]),
        "e": Ruler(1, 5, log=True, whole=True),
    }
    assert [described(one) for one in plain] == [
        "0 to 2 in steps of 0.5",
        "0.1 to 2, logarithmic",
        "1 to 5",
        "er, (x, 1)",
        "1 to 5, logarithmic (if d is er)",
    ]


@given(st.text(), st.integers(4, 50))
def test_a_shortened_text_fits_and_is_itself_if_it_does(text: str, most: int) -> None:
    short = shortened(text, most)
    assert len(short) <= most
    assert short == text or "…" in short


def test_a_value_is_spelled_in_one_line() -> None:
    assert spelled("two\nlines\0") == "two lines "
    assert spelled(-0.0) == "0"
