import pytest

from tests.renate.syne_tune import named, numbers
from vernal.base import ConfigError
from vernal.renate.domains import as_range, is_domain
from vernal.space import uniform


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (numbers("Float", 0.1, 0.9), "uniform(0.1, 0.9)"),
        (numbers("Float", 1e-4, 0.1, "_LogUniform"), "loguniform(0.0001, 0.1)"),
        (numbers("Float", 0, 1, q=0.25), "uniform(0, 1, step=0.25)"),
        (numbers("Integer", 1, 8), "randint(1, 8)"),
        (numbers("Integer", 1, 64, "_LogUniform"), "lograndint(1, 64)"),
        (numbers("Integer", 8, 24, q=8), "choice(8, 16, 24)"),
        (named("Categorical", categories=["SGD", "Adam"]), "choice(SGD, Adam)"),
        (named("Ordinal", categories=[32, 64, 256]), "choice(32, 64, 256)"),
        (named("OrdinalNearestNeighbor", categories=[1, 2, 3], log_scale=False), "randint(1, 3)"),
        (
            named("FiniteRange", lower=0.1, upper=0.3, size=3, log_scale=False, cast_int=False),
            "uniform(0.1, 0.3, step=0.1)",
        ),
        (named("FiniteRange", lower=8, upper=32, size=3, log_scale=True, cast_int=True), "choice(8, 16, 32)"),
    ],
)
def test_an_object_of_syne_tune_has_its_range(domain, expected):
    assert is_domain(domain)
    assert str(as_range(domain)) == expected


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        (
            numbers("Float", 0, 0.99, "_ReverseLogUniform"),
            "There is no `reverseloguniform` here. Write loguniform, and",
        ),
        (numbers("Float", 0.1, 1, "_LogUniform", q=0.1), "There is no `qloguniform` here. Write loguniform without"),
        (numbers("Integer", 1, 64, "_LogUniform", q=4), "There is no `qlograndint` here. Write lograndint without"),
        (numbers("Float", float("-inf"), float("inf"), "_Normal"), "There is no `randn` here. Write uniform, from"),
        (named("Function"), r"Function\(\) cannot be read. Write it with the functions of vernal.renate.config_space"),
        (
            numbers("Float", 1, 1),
            r"uniform\(1, 1\) needs two finite numbers, the smaller one first. For one value, give",
        ),
    ],
)
def test_what_vernal_does_not_have_is_refused(domain, message):
    with pytest.raises(ConfigError, match=message):
        as_range(domain)


def test_nothing_else_is_taken_for_one():
    assert not is_domain(uniform(0, 1))
    assert not is_domain(0.1)
