"""Ranges as text, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.space.test_ranges import options, ranges
from vernal.base import ConfigError
from vernal.space import Range, choice, is_range, lograndint, loguniform, randint, read_range, uniform

names = st.from_regex(r"[a-z_][a-z0-9_]{0,5}(\.[a-z]{1,3})?", fullmatch=True)


@given(ranges(), st.dictionaries(names, st.lists(options, min_size=1, max_size=3), max_size=2))
def test_a_range_is_read_back_from_its_text(one: Range, conditions: dict[str, list[object]]) -> None:
    one = one.only_if(**conditions)
    assert is_range(str(one))
    assert read_range(str(one)) == one
    assert str(read_range(str(one))) == str(one)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uniform(0,1)", uniform(0, 1)),
        ("  uniform ( 0 , 1 , step = 0.1 )  ", uniform(0, 1, step=0.1)),
        ("uniform(low=0, high=1)", uniform(0, 1)),
        ("uniform(0, 1, step=None)", uniform(0, 1)),
        ("loguniform(1e-3,1e-1)", loguniform(0.001, 0.1)),
        ("randint(-3, 3)", randint(-3, 3)),
        ("lograndint(1, 1_000)", lograndint(1, 1000)),
        ("choice(er, der)", choice("er", "der")),
        ("choice([er, der])", choice("[er, der]")),  # Words need no quotes, but a list of words does.
        ("choice(['er', 'der'])", choice("er", "der")),
        ("choice(resnet-18, v1.5, 3x3)", choice("resnet-18", "v1.5", "3x3")),
        ("choice('a, b', \"c)\", 'it\\'s')", choice("a, b", "c)", "it's")),
        ("choice(don't, won't)", choice("don't", "won't")),
        ("choice(1, 1.5, True, None, '1', 'None')", choice(1, 1.5, True, None, "1", "None")),
        ("choice((0.9, 0.99), (0.5, 0.9))", choice((0.9, 0.99), (0.5, 0.9))),
        ("choice(what if, a=1)", choice("what if", "a=1")),
        ("choice('', ' ')", choice("", " ")),
        ("uniform(0.5, 0.99) if optimizer=SGD|Momentum", uniform(0.5, 0.99).only_if(optimizer=["SGD", "Momentum"])),
        ("randint(1, 2) if a = 1 and b.c = 'x and y|z'", randint(1, 2).only_if(**{"a": 1, "b.c": "x and y|z"})),
        ("uniform(0, 1) if betas=(0.9, 0.99)", uniform(0, 1).only_if(betas=[(0.9, 0.99)])),
    ],
)
def test_ranges_are_read_as_people_write_them(text: str, expected: Range) -> None:
    assert is_range(text)
    assert read_range(text) == expected


@pytest.mark.parametrize("text", ["er", "", "uniform", "my_uniform(0, 1)", "choices(1)", "0.5", "asha:eta=3"])
def test_other_text_is_no_range(text: str) -> None:
    assert not is_range(text)
    with pytest.raises(ConfigError, match=r"is no range: Write one of uniform\(...\), loguniform\(...\)"):
        read_range(text)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("uniform(0, 1", r"'uniform\(0, 1' is no range: Write one of"),
        ("uniform(0, 1))", "needs two finite numbers|is no range"),
        ("uniform(0)", "is no range: .*missing 1 required positional argument: 'high'"),
        ("uniform(0, 1, 0.1, 2)", "is no range: .*positional arguments"),
        ("uniform(0, 1, stp=0.1)", "is no range: .*unexpected keyword argument 'stp'"),
        ("uniform(0, , 1)", "there is nothing between two commas"),
        ("choice(er, )", "there is nothing between two commas"),
        ("choice()", "at least one option"),
        ("uniform(a, b)", r"uniform\('a', 'b'\) needs two finite numbers"),
        ("choice(1e999)", "inf cannot be the value of a hyperparameter"),
        ("choice({[]: 1})", "is no range|cannot be"),
        ("uniform(0, 1) if", "is no range"),
        ("uniform(0, 1) if optimizer", "After `if`, write NAME=VALUE, several values with | between"),
        ("uniform(0, 1) if a=1 if b=2", "is no range"),
    ],
)
def test_a_badly_spelled_range_says_what_is_wrong(text: str, match: str) -> None:
    assert is_range(text)
    if text == "choice({[]: 1})":
        assert read_range(text) == choice("{[]: 1}")
        return
    with pytest.raises(ConfigError, match=match):
        read_range(text)
