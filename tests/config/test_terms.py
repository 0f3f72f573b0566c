"""Terms as text: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import pytest

from vernal.base import ConfigError
from vernal.config import make_term, make_terms
from vernal.methods import Compatible, Distil


@pytest.mark.parametrize("text", ["distil:weight=0.5,temperature=4", " distil : weight = 0.5 , temperature = 4 "])
def test_a_term_is_a_name_and_options(text: str) -> None:
    assert make_term(text) == Distil(weight=0.5, temperature=4.0)


def test_options_that_are_not_named_have_their_defaults() -> None:
    assert make_term("compatible") == Compatible()


@pytest.mark.parametrize("text", ["distil:", "distil:weight", "distil:weight=", "distil:=1", "distil:weight=1,,"])
def test_another_spelling_is_refused_with_an_example(text: str) -> None:
    spelling = r"is not spelled like a term: NAME\[:OPTION=VALUE,...\], e.g. distil:weight=0.5,temperature=2."
    with pytest.raises(ConfigError, match=spelling):
        make_term(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("distill", "No term is called 'distill'. Did you mean 'distil'"),
        ("distil:wieght=1", "term distil: has no option 'wieght'. Did you mean 'weight'"),
        ("distil:weight=much", r"term distil\(weight\): must be float, got 'much'"),
        ("distil:weight=-1", "`weight` must be at least 0, got -1.0"),
    ],
)
def test_a_name_or_an_option_that_means_nothing_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_term(text)


def test_all_that_is_wrong_with_several_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        make_terms([Distil(), "distill", "compatible:elsewhere=2"])
    assert [problem.where for problem in raised.value.problems] == ["terms", "terms"]
