"""A range: what it holds, what it draws, and what it refuses."""

import copy

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vernal.base import ConfigError, canonical_json
from vernal.space import Choice, Range, Real, Space, Whole, choice, lograndint, loguniform, randint, uniform

numbers = st.floats(-1e300, 1e300, allow_nan=False)
positive = st.floats(1e-300, 1e300)
wholes = st.integers(-(2**53), 2**53)
plain = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-9, 9), st.text(max_size=6))
options = st.recursive(plain, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=4)


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    kind = draw(st.sampled_from(["uniform", "stepped", "loguniform", "randint", "lograndint", "choice"]))
    if kind == "choice":
        drawn = draw(st.lists(options, min_size=1, max_size=5))
        return choice([option for n, option in enumerate(drawn) if option not in drawn[:n]])
    bounds = {"loguniform": positive, "randint": wholes, "lograndint": st.integers(1, 2**53)}.get(kind, numbers)
    low, high = sorted((draw(bounds), draw(bounds)))
    assume(low < high)
    if kind == "stepped":
        low, high = draw(st.floats(-100, 0)), draw(st.floats(1, 100))
        return uniform(low, high, step=draw(st.floats(0.01, 1)))
    makers = {"uniform": uniform, "loguniform": loguniform, "randint": randint, "lograndint": lograndint}
    return makers[kind](low, high)


@given(ranges(), st.integers(0, 2**32))
def test_what_is_drawn_the_middle_and_the_ends_lie_in_the_range(one: Range, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for value in (one.middle, *one.ends, *(one.sample(rng) for _ in range(5))):
        assert value in one
        assert one.plain(value) == value


@given(ranges())
def test_a_space_survives_canonical_json(one: Range) -> None:
    import json

    space = Space({"a": one})
    again = Space.from_json(json.loads(canonical_json(space.to_json())))
    assert again["a"] == one
    assert repr(again) == repr(space)
    assert copy.deepcopy(one) == one
    assert hash(again["a"]) == hash(one)


@pytest.mark.law
def test_a_logarithmic_range_gives_every_order_of_magnitude_the_same_share() -> None:
    """Three decades, 30,000 draws: a share is 1/3 with a standard error of 0.0027; 4 of these."""
    rng = np.random.default_rng(0)
    drawn = np.log10([loguniform(1e-4, 1e-1).sample(rng) for _ in range(30_000)])
    shares = np.histogram(drawn, bins=[-4, -3, -2, -1])[0] / len(drawn)
    assert np.abs(shares - 1 / 3).max() < 4 * np.sqrt(2 / 9 / 30_000)


@pytest.mark.law
def test_a_logarithmic_whole_number_gets_the_share_of_the_scale_that_rounds_to_it() -> None:
    """P(k) = log((k + 1/2) / (k - 1/2)) / log((high + 1/2) / (low - 1/2)), within 4 standard errors of 30,000 draws."""
    rng = np.random.default_rng(0)
    drawn = np.array([lograndint(1, 8).sample(rng) for _ in range(30_000)])
    k = np.arange(1, 9)
    expected = np.log((k + 0.5) / (k - 0.5)) / np.log(8.5 / 0.5)
    seen = np.array([(drawn == one).mean() for one in k])
    assert (np.abs(seen - expected) < 4 * np.sqrt(expected * (1 - expected) / 30_000)).all()


@pytest.mark.law
@pytest.mark.parametrize("one", [randint(1, 4), uniform(0.1, 0.4, step=0.1), choice("a", "b", "c", "d")])
def test_what_can_be_counted_is_drawn_evenly_the_ends_too(one: Range) -> None:
    """Four values, 20,000 draws: 1/4 each, within 4 standard errors of 0.0031."""
    rng = np.random.default_rng(0)
    drawn = [one.sample(rng) for _ in range(20_000)]
    shares = [drawn.count(value) / len(drawn) for value in set(drawn)]
    assert len(shares) == 4
    assert max(abs(share - 0.25) for share in shares) < 4 * np.sqrt(3 / 16 / 20_000)


def test_steps_add_up_without_rounding() -> None:
    one = uniform(0, 1, step=0.1)
    assert [one.at(n) for n in range(one.steps + 1)] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert 0.1 + 0.2 in one
    assert one.plain(0.1 + 0.2) == 0.3
    assert 0.35 not in one


def test_the_end_is_lowered_to_the_last_step() -> None:
    one = uniform(0, 1, step=0.3)
    assert one.ends == (0.0, 0.9)
    assert str(one) == "uniform(0, 0.9, step=0.3)"
    assert one == uniform(*one.ends, step=0.3)


def test_numpys_numbers_become_pythons() -> None:
    assert Real(np.float32(0.5), np.int64(2)) == uniform(0.5, 2)
    assert type(Whole(np.int32(1), np.int64(5)).low) is int
    assert choice(np.float64(0.5), np.bool_(True)).options == (0.5, True)
    assert all(type(option) in (float, bool) for option in choice(np.float64(0.5), np.bool_(True)).options)
    assert type(uniform(0, 1, step=np.float64(0.5)).step) is float


def test_numpys_numbers_lie_in_a_range_as_pythons_do() -> None:
    assert np.float32(0.5) in uniform(0, 1)
    assert np.int64(3) in randint(1, 5)
    assert np.int64(3) in choice(3, 4)
    assert type(randint(1, 5).plain(np.int64(3))) is int
    assert type(choice(3, 4).plain(np.int64(3))) is int


def test_true_is_no_number_and_one_is_not_true() -> None:
    assert True not in randint(0, 1)
    assert True not in uniform(0, 1)
    assert 1 not in choice(True, False)
    assert True not in choice(0, 1)
    assert np.bool_(True) in choice(True, False)
    assert len(choice(0, 1, True, False).options) == 4
    assert (1, 2) not in choice((True, 2))


def test_a_number_is_found_among_options_whatever_its_type_and_the_option_is_given_back() -> None:
    assert 1 in choice(0.1, 1.0)
    assert type(choice(0.1, 1.0).plain(1)) is float
    with pytest.raises(ConfigError, match=r"names an option twice: 1.0. Name each once"):
        choice(1, 1.0)


@pytest.mark.parametrize("value", ["0.5", None, float("nan"), float("inf"), 1j, [0.5]])
def test_what_is_no_number_is_in_no_range_of_numbers(value: object) -> None:
    assert value not in uniform(0, 1)
    assert value not in uniform(0, 1, step=0.5)
    assert value not in randint(0, 1)


def test_a_whole_number_may_not_be_a_decimal_one() -> None:
    assert 2.0 not in randint(1, 3)
    assert 2 in uniform(1, 3)
    assert type(uniform(1, 3).plain(2)) is float


def test_lists_are_tuples_however_deep() -> None:
    assert choice([[1, [2]], [3]]).options == ((1, (2,)), (3,))
    assert (1, (2,)) in choice([[1, [2]], [3]])


@pytest.mark.parametrize(
    "bounds", [(1, 0), (1, 1), (0, "1"), (False, True), (0, None), (0, float("inf")), (0, 10**400)]
)
@pytest.mark.parametrize("make", [uniform, loguniform, randint, lograndint])
def test_a_range_of_numbers_needs_two_of_them(make: object, bounds: tuple[object, object]) -> None:
    with pytest.raises(ConfigError, match="needs two finite numbers, the smaller one first. For one value, give"):
        make(*bounds)  # type: ignore[operator]


def test_a_logarithmic_range_begins_above_zero() -> None:
    with pytest.raises(ConfigError, match=r"loguniform\(0, 1\) is logarithmic, so it must begin above 0, got 0"):
        loguniform(0, 1)


def test_a_range_too_wide_for_a_float_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs two finite numbers"):
        uniform(-1e308, 1e308)


@pytest.mark.parametrize("bounds", [(0.5, 2), (0, 2**70)])
def test_the_ends_of_a_whole_range_are_whole_and_not_too_large(bounds: tuple[float, float]) -> None:
    with pytest.raises(ConfigError, match="must be whole numbers of at most"):
        randint(*bounds)  # type: ignore[arg-type]


@pytest.mark.parametrize("step", [0, -0.1, 2, True, "0.1", float("nan")])
def test_a_step_lies_between_zero_and_the_width(step: object) -> None:
    with pytest.raises(ConfigError, match=r"`step` of uniform\(0, 1\) must be above 0 and at most 1"):
        uniform(0, 1, step=step)  # type: ignore[arg-type]


def test_a_logarithmic_range_has_no_step() -> None:
    with pytest.raises(ConfigError, match="not logarithmic"):
        Real(1, 10, log=True, step=1)


def test_a_choice_needs_options_and_each_once() -> None:
    with pytest.raises(ConfigError, match="at least one option"):
        choice()
    with pytest.raises(ConfigError, match=r"choice\(er, er\) names an option twice: 'er'"):
        choice("er", "er")


@pytest.mark.parametrize("option", [{"a": 1}, {1}, float("nan"), float("inf"), object(), uniform(0, 1), b"er"])
def test_an_option_is_plain(option: object) -> None:
    with pytest.raises(ConfigError, match="cannot be the value of a hyperparameter"):
        choice("er", option)


def test_a_choice_of_a_choice_is_refused_and_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="choose anything else by a name"):
        choice(choice("er", "der"))


def test_conditions_add_up_and_take_lists() -> None:
    one = uniform(0, 1).only_if(optimizer="SGD").only_if(depth=[1, np.int64(2)], betas=[(0.9, 0.99)])
    assert one.when == {"optimizer": ("SGD",), "depth": (1, 2), "betas": ((0.9, 0.99),)}
    assert one.exists({"optimizer": "SGD", "depth": 2, "betas": (0.9, 0.99)})
    assert not one.exists({"optimizer": "SGD", "depth": 2})


def test_a_condition_tells_one_from_true() -> None:
    assert not uniform(0, 1).only_if(nesterov=True).exists({"nesterov": 1})
    assert not uniform(0, 1).only_if(nesterov=None).exists({})


@pytest.mark.parametrize("when", [{"optimizer": ()}, {"optimizer": "SGD"}])
def test_a_condition_lists_its_values(when: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="The condition on 'optimizer' must list at least one value"):
        Choice(("a",), when=when)  # type: ignore[arg-type]
